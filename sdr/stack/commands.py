"""The processes of the stack, each as the command that starts it."""

import sys

from django.conf import settings

CONSUMER, GRPC = "consumer", "grpc"


def commands() -> dict[str, list[str]]:
    """Return the command of each process by its name. Web waits at its gate for the consumer and gRPC."""
    return {
        CONSUMER: _manage("consume_clicks"),
        GRPC: _manage("grpcrunserver", f"127.0.0.1:{settings.GRPC_PORT}"),
        "archive": _manage("archive_events"),
        "sequences": _manage("learn_sequences"),
        "answers": _manage("answer_requests"),
        "catalogue": _manage("follow_catalogue"),
        "worker": _celery("worker", "--concurrency", "1", "--without-gossip", "--without-mingle"),
        "beat": _celery("beat"),
        "web": _manage("waitfor", CONSUMER, GRPC, "--", *_web()),
    }


def _manage(*words: str) -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), *words]


def _celery(role: str, *options: str) -> list[str]:
    return [sys.executable, "-m", "celery", "--quiet", "-A", "sdr", role, "--loglevel", "warning", *options]


def _web() -> list[str]:
    options = {
        "--interface": "wsgi",
        "--host": settings.WEB_HOST,
        "--port": settings.PORT,
        "--workers": settings.WEB_WORKERS,
        "--blocking-threads": settings.WEB_THREADS,
        "--log-level": "warning",
    }
    words = [str(word) for option in options.items() for word in option]
    return [sys.executable, "-m", "granian", *words, "sdr.wsgi:application"]
