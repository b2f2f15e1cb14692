"""`manage.py follow_catalogue`: products that change ⇒ the indexes that serve."""

import signal
from typing import Any

from django.core.management.base import BaseCommand

from recommendations.index.overlay.follower import Follower
from sdr import checks
from sdr.collector import spare_what_is_there
from sdr.heartbeat import Heartbeat

HEARTBEAT = "catalogue"


class Command(BaseCommand):
    requires_system_checks: list[str] = [checks.SETTINGS]
    help = (
        "Lay edits of the catalogue over the indexes that serve, within a second and without a rebuild: new and edited "
        "products, prices, stock, deletions, categories. Follows every active tenant that has an index. "
        "Start two or more, and when one ends another takes its tenants over; each tenant is followed by one at a "
        "time. When more has changed than is worth it (OVERLAY_MAX_SHARE), a rebuild is asked for. "
        "SIGTERM or Ctrl-C finishes the step at hand and exits 0."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        heartbeat = Heartbeat(HEARTBEAT)
        follower = Follower(on_alive=heartbeat.beat)
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, lambda _signum, _frame: follower.stop())
        spare_what_is_there()
        try:
            follower.run()
        finally:
            heartbeat.stop()
