"""What the README and the guides say to type, typed as it is printed there."""

import contextlib
import re
import subprocess

import pytest
from django.conf import settings

from tests.eventually import eventually

CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)


def first_steps() -> str:
    return (settings.BASE_DIR / "README.md").read_text().partition("## First steps")[2].partition("\n## ")[0]


def steps(text: str):
    """Yield each command of a document with the lines it is said to print."""
    for block in CONSOLE.findall(text):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            lines = step.splitlines()
            n = next(n for n in range(1, len(lines) + 1) if is_whole("\n".join(lines[:n])))
            yield "\n".join(lines[:n]), "\n".join(lines[n:])


def is_whole(command: str) -> bool:
    """Return whether the shell would run this, instead of waiting for another line."""
    return not command.endswith("\\") and command.count("'") % 2 == 0


def matches(printed: str, said: str) -> bool:
    """Return whether what is said stands in what was printed; "…" leaves something out."""
    pieces = [re.escape(re.sub(r"\s+", "", piece)) for piece in said.split("…")]
    return re.search(".*".join(pieces), re.sub(r"\s+", "", printed), re.DOTALL) is not None


def type_in(command: str) -> str:
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False, cwd=settings.BASE_DIR
    )
    return done.stdout + done.stderr


def guide() -> str:
    return (settings.BASE_DIR / "docs" / "api.md").read_text()


@pytest.mark.parametrize("document", [first_steps, guide], ids=["README", "docs/api.md"])
def test_what_is_to_be_typed_prints_what_it_is_said_to_print(stack, document):
    typed = list(steps(document()))
    assert len(typed) >= 5
    for command, said in typed:
        there = command.replace("localhost:50051", f"localhost:{stack.grpc_port}")
        there = there.replace("localhost:5000", f"localhost:{stack.port}")
        printed = type_in(there)
        if not {"-d", "-X"} & set(command.split()) and not matches(printed, said):  # reading again does no harm
            printed = printed_in_the_end(there, said)
        assert matches(printed, said), f"$ {command}\n{printed}\nis said to print\n{said}"


def printed_in_the_end(command: str, said: str) -> str:
    """Type ``command`` until it prints what is said; return what it printed last, whatever that is."""
    printed = [""]

    def as_said() -> bool:
        printed[0] = type_in(command)
        return matches(printed[0], said)

    with contextlib.suppress(AssertionError):  # the caller has the better message
        eventually(as_said, seconds=10)
    return printed[0]
