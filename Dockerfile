# One image for every process of SDR; docker-compose.yml says what each of them runs.
FROM python:3.11-slim AS kernel
WORKDIR /kernel
COPY requirements/compiler.txt .
RUN pip install --no-cache-dir --require-hashes --only-binary :all: -r compiler.txt
COPY recommendations/__init__.py recommendations/__init__.py
COPY recommendations/engine/__init__.py recommendations/engine/__init__.py
COPY recommendations/engine/kernel recommendations/engine/kernel
RUN python -m recommendations.engine.kernel.build

FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

# A fixed number, so that volumes keep their owner from one image to the next.
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin sdr
WORKDIR /app

# Before the code, which changes more often. Every requirement is a wheel: this stage needs no compiler.
COPY requirements/base.txt requirements/base.txt
RUN pip install --require-hashes --only-binary :all: -r requirements/base.txt

COPY . .
COPY --from=kernel /kernel/recommendations/engine/kernel/ recommendations/engine/kernel/
# Where volumes go: made here, so that they take over the owner.
RUN python -m compileall -q sdr catalog events recommendations protos \
    && python manage.py collectstatic --noinput \
    && mkdir -p -m 0700 var/access && mkdir -p var/index var/run \
    && chown -R sdr:sdr var

USER sdr
EXPOSE 5000 50051
# exec form, so that SIGTERM reaches the server and it can drain.
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "5000", "sdr.wsgi:application"]
