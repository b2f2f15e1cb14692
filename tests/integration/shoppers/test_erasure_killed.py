"""An erasure whose process is killed on the way is done wholly or not at all, or completes itself."""

import os
import signal
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection

from events.models import Interaction, PendingAct
from events.tasks import settle_shoppers
from sdr.accounts.models import Tombstone, User
from tests.integration.shoppers.eraser import POINTS

USERS = {point: f"u-{place}" for place, point in enumerate(POINTS)}
NEIGHBOUR = "u-neighbour"


@pytest.fixture
def killed(shop):
    """For each point a user who did things, and whose erasure was killed there."""
    for place, user in enumerate([*USERS.values(), NEIGHBOUR]):
        shop.send(3, session=f"s-{place}")
        shop.send(1, user=user, session=f"s-{place}")
        shop.send(2, user=user, kind="purchase")
        shop.api.patch(f"/api/users/{user}/preferences", {"hidden_categories": ["garden"]}, "application/json")
    shop.work_off()
    environment = os.environ | {
        "DATABASE_URL": settings.ENGINES.database_url.replace("/sdr?", f"/{connection.settings_dict['NAME']}?")
    }
    command = [sys.executable, "-m", "tests.integration.shoppers.eraser", *(f"{p}={u}" for p, u in USERS.items())]
    done = subprocess.run(
        command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines() == [f"{point}: {signal.SIGKILL:d}" for point in POINTS], done.stderr
    return shop


def traces(shop, user):
    """Return where something of the user still is: each of the four, or none."""
    session = f"s-{[*USERS.values(), NEIGHBOUR].index(user)}"
    named = Interaction.objects.filter(user__external_id=user) | Interaction.objects.filter(session_id=session)
    found = {
        "row": User.objects.filter(external_id=user).exists(),
        "archive": named.exists(),
        "live state": bool(shop.recent(f"u:{user}") or shop.recent(f"s:{session}") or shop.state(f"u:{user}").marks),
        "sequences": bool(shop.steps(f"u:{user}") or shop.steps(f"s:{session}")),
    }
    return [where for where, is_there in found.items() if is_there]


NOWHERE: dict[str, list[str]] = {point: [] for point in USERS}
EVERYWHERE, LIVE = ["row", "archive", "live state", "sequences"], ["live state", "sequences"]


def test_it_is_done_or_not_at_all_and_what_was_begun_completes_itself(killed, redis_client):
    left = {point: traces(killed, user) for point, user in USERS.items()}
    assert left == {
        "before the commit": EVERYWHERE,
        "before Redis is told": LIVE,
        "before Kafka is told": [],
        "before it is noted who was told": [],
        # Rolled back, and Redis had been told: nobody was answered, so whoever asked asks again.
        "before the answer is kept": ["row", "archive"],
    }
    n_events, n_tombstones = Interaction.objects.count(), Tombstone.objects.count()
    settle_shoppers()
    again = killed.api.delete(f"/api/users/{USERS['before the answer is kept']}", headers={"Idempotency-Key": "k"})
    assert (again.status_code, again.json()["removed"]["postgres"]["users"]) == (200, 1)
    killed.erase(USERS["before the commit"])
    assert {point: traces(killed, user) for point, user in USERS.items()} == NOWHERE
    assert traces(killed, NEIGHBOUR) == EVERYWHERE
    assert (Interaction.objects.count(), Tombstone.objects.count()) == (n_events, n_tombstones + 4)
    assert set(PendingAct.objects.values_list("is_in_redis", "is_in_kafka")) == {(True, True)}
    redis_client.flushall()
    killed.start_consumers()
    killed.consume()  # all of it again, from the beginning
    assert {point: traces(killed, user) for point, user in USERS.items()} == NOWHERE
    assert killed.recent(f"u:{NEIGHBOUR}") == [2, 1]
    assert killed.clicks() == {1: 6, 2: 0, 3: 6}
