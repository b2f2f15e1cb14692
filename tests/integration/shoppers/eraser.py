"""Erases users, each in a process that kills itself on the way, if a point is named: ``python -m … [POINT]=USER …``.

Without any it reads them from its standard input, a line each. Prints for each point by which signal its process ended.
Every process is a fork of one that has no connection yet.
"""

import os
import signal
import sys
from contextlib import nullcontext
from unittest import mock

import django

POINTS = {
    "before the commit": "events.shoppers.erasing._forget_merges",
    "before Redis is told": "events.shoppers.telling._tell_redis",
    "before Kafka is told": "events.shoppers.telling._tell_kafka",
    "before it is noted who was told": "django.db.models.query.QuerySet.bulk_update",
    "before the answer is kept": "sdr.idempotency.attempt.Attempt.finish",
}


def die(*_args: object, **_kw: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def erase(point: str, user: str) -> None:
    from django.test import Client

    from events.shoppers.erasing import erase_user
    from sdr.accounts.models import Tenant

    with mock.patch(POINTS[point], die) if point else nullcontext():
        if point == "before the answer is kept":
            Client().delete(f"/api/users/{user}", headers={"Idempotency-Key": "k"})
        else:
            erase_user(Tenant.objects.get(slug="default"), user)


if __name__ == "__main__":
    django.setup()
    for word in sys.argv[1:] or map(str.strip, sys.stdin):
        point, _, user = word.partition("=")
        pid = os.fork()
        if not pid:
            erase(point, user)
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        print(f"{point}: {os.WTERMSIG(status)}", flush=True)  # noqa: T201
