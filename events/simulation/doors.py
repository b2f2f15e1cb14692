"""The ways into a running system: REST, or straight to Kafka."""

import http.client
from collections import Counter
from collections.abc import Sequence
from typing import Any, Protocol

import orjson

from events import services
from events.broker.base import Outcome
from events.broker.producer import publisher
from events.simulation.tally import Reply
from events.simulation.targets import split_url
from sdr.exceptions import Unavailable

_TIMEOUT_SECONDS = 10.0
_SHOWN = 200


class Door(Protocol):
    """Takes batches from one thread, at most 1,000 events each."""

    def send(self, events: Sequence[dict[str, Any]]) -> Reply:
        """Send them and wait for the answer, which never is an exception that a receiver could cause."""
        ...

    def close(self) -> None: ...


class KafkaDoor:
    """Past REST: the use case behind it, in this process."""

    def __init__(self, tenant: str) -> None:
        self._tenant = tenant

    def send(self, events: Sequence[dict[str, Any]]) -> Reply:
        try:
            tracked = services.track(events, tenant=self._tenant, publisher=publisher())
        except Unavailable as error:
            return Reply(n_rejected=len(events), reasons=[str(error)] * len(events))
        return _reply([(result.status, result.error) for result in tracked])

    def close(self) -> None:
        """Nothing to do: the publisher is the whole process's."""


class RestDoor:
    """``POST /api/events`` over one connection that is kept alive."""

    def __init__(self, url: str, api_key: str | None = None) -> None:
        parts = split_url(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname or "", parts.port, timeout=_TIMEOUT_SECONDS)
        self._path = f"{parts.path.rstrip('/')}/api/events"
        self._headers = {"Content-Type": "application/json"} | (
            {"Authorization": f"Bearer {api_key}"} if api_key else {}
        )

    def connect(self) -> None:
        """Open the connection; raises OSError where nobody listens."""
        self._connection.connect()

    def send(self, events: Sequence[dict[str, Any]]) -> Reply:
        try:
            status, body = self._post(orjson.dumps({"events": events}))
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            return Reply(n_unknown=len(events), reasons=[f"{type(error).__name__}: {error}"] * len(events))
        return _read(status, body, len(events))

    def close(self) -> None:
        self._connection.close()

    def _post(self, body: bytes) -> tuple[int, bytes]:
        try:
            return self._post_once(body)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            # The server closed a connection that was idle. Events carry ids, so that sending them again counts once.
            self._connection.close()
            return self._post_once(body)

    def _post_once(self, body: bytes) -> tuple[int, bytes]:
        self._connection.request("POST", self._path, body, self._headers)
        response = self._connection.getresponse()
        return response.status, response.read()


def _read(status: int, body: bytes, n_events: int) -> Reply:
    try:
        answer = orjson.loads(body)
        if status == http.client.ACCEPTED:
            return _reply([(Outcome(result["status"]), result.get("error")) for result in answer["results"]])
        reason = f"HTTP {status}: {answer['error']['message']}"
    except (ValueError, KeyError, TypeError):
        reason = f"HTTP {status}: {body[:_SHOWN].decode(errors='replace')}"
    # A 503, or a gateway's word, leaves open whether the events arrived; 4xx says that they did not.
    is_refused = http.client.BAD_REQUEST <= status < http.client.INTERNAL_SERVER_ERROR
    if is_refused:
        return Reply(n_rejected=n_events, reasons=[reason] * n_events)
    return Reply(n_unknown=n_events, reasons=[reason] * n_events)


def _reply(results: Sequence[tuple[Outcome, str | None]]) -> Reply:
    n = Counter(outcome for outcome, _ in results)
    reasons = [
        reason or f"{outcome}: no acknowledgement in time" for outcome, reason in results if outcome != Outcome.ACCEPTED
    ]
    return Reply(n[Outcome.ACCEPTED], n[Outcome.REJECTED], n[Outcome.UNKNOWN], reasons)
