# Two commands matter: `make up` runs SDR, `make test` tests it. Each sets up all it needs.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
# Found as python3 where the machine has no python3.11 by that name.
PYTHON_FOUND := $(shell command -v $(PYTHON) 2>/dev/null || command -v python3)

.DEFAULT_GOAL := help
.PHONY: help up kernel kafka test soak coverage lint format bench requirements proto-baseline clean
# One after the other: what is compiled needs what is installed.
.NOTPARALLEL:

help:  ## Show this list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# A stamp per set of requirements: installed once, and again only when its lock file changes.
$(VENV)/.installed-%: requirements/%.txt
	@test -x $(BIN)/python || $(PYTHON_FOUND) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "SDR needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON_FOUND) -m venv $(VENV)
	@echo "Installing requirements/$*.txt into $(VENV) (a minute or two, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/$*.txt
	@touch $@

# What every page waits for, in C. A machine without a compiler gets one as a wheel; without any, NumPy ranks, more slowly.
kernel:  ## Compile what ranks, unless that was done. The other commands see to it.
	@test -x $(BIN)/python || { echo "There is no $(VENV) yet: make up or make test sets it up."; exit 1; }
	@test -n "$$($(BIN)/python -m recommendations.engine.kernel.build --compiler)" \
		|| $(BIN)/python -m pip install --quiet --retries 1 --disable-pip-version-check --require-hashes -r requirements/compiler.txt || true
	@$(BIN)/python -m recommendations.engine.kernel.build || true

up: $(VENV)/.installed-embedded kernel  ## Run the whole system on this machine; Ctrl-C stops it.
	@DEBUG=$${DEBUG-1} exec $(BIN)/python manage.py runstack

kafka: $(VENV)/.installed-embedded  ## Run Apache Kafka (Java 17, Maven) until Ctrl-C. BROKERS=3 for three.
	@exec $(BIN)/python -m sdr.embedded.apache $(or $(BROKERS),1)

test: $(VENV)/.installed-dev kernel  ## Run every test. ARGS="-k name" to choose.
	@$(BIN)/python -m pytest $(ARGS)

soak: $(VENV)/.installed-dev kernel  ## Kill every server again and again, and load gRPC, for longer. DURATION=seconds of each test.
	@$(BIN)/python -m pytest tests/soak -o python_files='soak_*.py' --timeout 3600 $(if $(DURATION),--duration $(DURATION)) $(ARGS)

coverage: $(VENV)/.installed-dev kernel  ## Run every test, and show the lines that none reached.
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest $(ARGS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

lint: $(VENV)/.installed-dev  ## Check style, types, layers, migrations and protos.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@DEBUG=1 $(BIN)/python manage.py makemigrations --check --dry-run
	@$(BIN)/buf lint
	@$(BIN)/buf breaking --against protos/baseline.binpb
	@$(BIN)/python -m protos.generate --check
	@DEBUG=1 $(BIN)/python manage.py spectacular --fail-on-warn --validate --file /dev/null

format: $(VENV)/.installed-dev  ## Format the code.
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(VENV)/.installed-dev $(VENV)/.installed-vegeta kernel  ## Measure, in five minutes. FULL=1, ONLY=name, JSON=file, WRITE=1 (docs).
	@$(BIN)/python -m benchmarks $(if $(FULL),--full) $(if $(ONLY),--only $(ONLY)) $(if $(JSON),--json $(JSON)) \
		$(if $(WRITE),--write) $(ARGS)

# Where there is no Go, the benches that need load say so and are skipped.
$(VENV)/.installed-vegeta: benchmarks/vegeta/go.sum | $(VENV)/.installed-dev
	@if command -v go >/dev/null; then \
		echo "Building vegeta, which makes the load (half a minute, once)"; \
		go build -C benchmarks/vegeta -o "$(abspath $(BIN))/vegeta" github.com/tsenart/vegeta/v12 && touch $@ \
			|| echo "Without vegeta, the benches that need load are skipped"; \
	fi

requirements: $(VENV)/.installed-dev  ## Compile requirements/*.in into pinned, hashed lists.
	@for name in base embedded tune dev compiler; do \
		$(BIN)/uv pip compile --quiet --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
			--generate-hashes --python-version 3.11 --upgrade requirements/$$name.in -o requirements/$$name.txt || exit 1; \
	done

proto-baseline: $(VENV)/.installed-dev  ## Make the protos as they are what later ones must not break. On purpose, at a release.
	@$(BIN)/buf build --exclude-source-info -o protos/baseline.binpb

clean:  ## Remove the virtual environment and caches; var/ with its data stays.
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis htmlcov .coverage*
