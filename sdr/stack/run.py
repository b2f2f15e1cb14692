"""From nothing to a system that answers, and back."""

from django.conf import settings

from sdr.stack import announcement, ports, preparation
from sdr.stack.commands import commands
from sdr.stack.supervisor import Supervisor


def run(*, sample: bool) -> str | None:
    """Run until somebody stops it or a process dies; return which one did, and why, or None."""
    ports.refuse_taken({"PORT": settings.PORT, "GRPC_PORT": settings.GRPC_PORT})
    preparation.prepare(sample=sample)
    supervisor = Supervisor(commands(), cwd=settings.BASE_DIR, when_started=announcement.announce_when_ready)
    return supervisor.run()
