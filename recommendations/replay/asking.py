"""Each question put to the service, when all that happened before it has arrived, at the time it was asked."""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recommendations import serving
from recommendations.evaluation.cases import Cases
from recommendations.evaluation.dataset import Progress
from recommendations.evaluation.metrics import DEPTH
from recommendations.queries import ProductQuery
from recommendations.replay.pipeline import PATIENCE_SECONDS, Replay
from recommendations.replay.script import Script, session_name, user_name
from recommendations.services import recommend_for_product
from sdr import clock
from sdr.accounts.models import Tenant

# How many events are sent between two words of progress.
_STRIDE = 5_000


@dataclass(slots=True)
class Served:
    """``lists``: rows, best first and −1 beyond the last, shape ``(n_cases, DEPTH)``. ``lacking``: answers by lack."""

    lists: NDArray[np.int32]
    n_events: int = 0
    seconds: float = 0.0
    lacking: Counter[str] = field(default_factory=Counter)


class Asking:
    """One replay of a log, in which its questions are asked on the way. ``product_ids``: by row of the log."""

    def __init__(self, tenant: Tenant, replay: Replay, script: Script, product_ids: NDArray[np.int64]) -> None:
        self._tenant, self._replay, self._script = tenant, replay, script
        self._product_ids = product_ids
        self._by_id = np.argsort(product_ids).astype(np.int32)
        self._n_sent = 0

    def ask_all(self, cases: Cases, *, novel: bool, on_progress: Progress) -> Served:
        """Return what was served. A case is asked beside the shopper's last product, just before its target."""
        served = Served(np.full((len(cases), DEPTH), -1, dtype=np.int32))
        began, recents = time.monotonic(), cases.recent() if novel else None
        turns = self._script.turns[cases.ends]
        last = int(turns.max()) if len(turns) else 0
        for n_asked, case in enumerate(np.argsort(turns, kind="stable").tolist()):
            self._send_until(turns.item(case), last, on_progress)
            self._until_live()
            seen = () if recents is None else tuple(self._product_ids[recents[case][recents[case] >= 0]].tolist())
            rows = self._ask(cases, case, seen, served)
            served.lists[case, : len(rows)] = rows
            on_progress("ask", n_asked + 1, len(cases))
        served.n_events, served.seconds = self._n_sent, time.monotonic() - began
        return served

    def _send_until(self, turn: int, last: int, on_progress: Progress) -> None:
        if self._n_sent == turn:
            return
        while self._n_sent < turn:
            end = min(self._n_sent + _STRIDE, turn)
            self._replay.send(self._script.events(self._n_sent, end, self._tenant.slug, self._product_ids))
            self._n_sent = end
            # No further ahead than this: an embedded broker keeps some ten thousand messages of a partition.
            self._replay.settle()
            on_progress("replay", end, last)

    def _until_live(self) -> None:
        """Wait until this process has read what the live state holds, as one does that has served for a while."""
        pause, deadline = threading.Event(), time.monotonic() + PATIENCE_SECONDS
        while serving.current(self._tenant.slug)[1] and time.monotonic() < deadline:
            pause.wait(0.01)

    def _ask(self, cases: Cases, case: int, seen: tuple[int, ...], served: Served) -> NDArray[np.int32]:
        target, log = cases.ends.item(case), self._script.log
        query = ProductQuery(
            self._tenant.slug,
            self._tenant.pk,
            product_id=int(self._product_ids.item(cases.last_rows.item(case))),
            user_id=user_name(log.shoppers.item(target)),
            session_id=session_name(log.visits.item(target)),
            exclude=seen,
            limit=DEPTH,
        )
        with clock.standing_at(self._script.seconds.item(target)):
            found = recommend_for_product(query)
        served.lacking.update(found.degraded)
        ids = np.array([int(product_id) for product_id in found.product_ids], dtype=np.int64)
        return self._by_id[np.searchsorted(self._product_ids, ids, sorter=self._by_id)]
