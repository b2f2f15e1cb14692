"""What shoppers look at next and buy together, learned from whole sessions at once: the live lists, offline.

docs/sequences.md has the rules. Here a session is remembered whole, no robots are looked for, lists are cut once at the
end, and a product that is met again in a session counts where it was met first.
"""

from dataclasses import dataclass
from math import log as ln

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from events.live.sequences import parameters as live
from recommendations.engine.decay import MONTH_SECONDS, rate_constant
from recommendations.engine.next_lists import NextList
from recommendations.engine.reasons import ReasonCode
from recommendations.engine.weights import ScoringWeights
from recommendations.evaluation.cases import Cases
from recommendations.evaluation.log import Interactions
from recommendations.evaluation.opinions import Opinions, gathered


@dataclass(frozen=True, slots=True)
class FollowingParameters:
    """How lists are learned: as they are live, unless another half-life or reach is tried."""

    max_distance: int = live.MAX_DISTANCE
    distance_scale: float = live.DISTANCE_SCALE
    backward: float = live.BACKWARD
    half_life_seconds: float = MONTH_SECONDS
    list_size: int = live.MAX_LISTED


def learn_viewed(
    log: Interactions, n_products: int, now_seconds: float, parameters: FollowingParameters
) -> sparse.csr_matrix:
    """Return the lists as lines, weights as of ``now_seconds``: by product what is met after it, square."""
    log, sessions = _once_a_session(log)
    worth = log.weights * _left(log, now_seconds, parameters)
    lists = sparse.csr_matrix((n_products, n_products))
    for distance in range(1, parameters.max_distance + 1):
        (firsts,) = np.nonzero(sessions[distance:] == sessions[:-distance])
        seconds = firsts + distance
        one, other = log.rows[firsts], log.rows[seconds]
        pairs = sparse.csr_matrix((worth[seconds], (one, other)), shape=lists.shape)
        back = sparse.csr_matrix((worth[firsts], (other, one)), shape=lists.shape)
        lists = lists + np.exp(-distance / parameters.distance_scale) * (pairs + parameters.backward * back)
    return strongest(lists.tocsr(), parameters.list_size)


def learn_bought(
    log: Interactions, n_products: int, now_seconds: float, parameters: FollowingParameters
) -> sparse.csr_matrix:
    """Return the same of what was bought in one session, at any distance."""
    log, sessions = _once_a_session(log.where(log.purchases))
    shape = (int(sessions.max(initial=-1)) + 1, n_products)
    members = sparse.csr_matrix((np.ones(len(log)), (sessions, log.rows)), shape=shape)
    worth = sparse.csr_matrix((_left(log, now_seconds, parameters), (sessions, log.rows)), shape=shape)
    lists = (members.T @ worth).tocsr()
    lists.setdiag(0.0)
    lists.eliminate_zeros()
    return strongest(lists, parameters.list_size)


def strongest(matrix: sparse.csr_matrix, n: int) -> sparse.csr_matrix:
    """Return the ``n`` largest entries of each line."""
    owners = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    order = np.lexsort((matrix.indices, -matrix.data, owners))
    kept = order[np.arange(len(order)) - matrix.indptr[owners] < n]
    kept_in = (matrix.data[kept], (owners[kept], matrix.indices[kept]))
    return sparse.csr_matrix(kept_in, shape=matrix.shape)


def next_list(lists: sparse.csr_matrix, row: int, now_seconds: float, parameters: FollowingParameters) -> NextList:
    """Return one line as serving reads it. An id is its row and one (see ``shop``)."""
    own = slice(lists.indptr[row], lists.indptr[row + 1])
    scores = np.log(lists.data[own]) + rate_constant(parameters.half_life_seconds) * now_seconds
    ids = lists.indices[own].astype(np.int64) + 1
    return NextList(ids, scores, np.ones(len(ids), dtype=np.int32))


class OfflineLists:
    """The lists of one training part, as the engine is told them."""

    def __init__(
        self,
        log: Interactions,
        viewed: sparse.csr_matrix,
        now_seconds: float,
        parameters: FollowingParameters,
    ) -> None:
        self.half_life_seconds = parameters.half_life_seconds
        self._parameters, self._now_seconds = parameters, now_seconds
        self._lists = {ReasonCode.ALSO_VIEWED: viewed}
        if log.purchases.any():
            self._lists[ReasonCode.BOUGHT_TOGETHER] = learn_bought(log, viewed.shape[0], now_seconds, parameters)
        self._read: dict[tuple[int, ReasonCode], NextList] = {}

    def of(self, row: int, code: ReasonCode) -> NextList | None:
        """Return one list of the product in ``row``, None if there is none of that kind."""
        if code not in self._lists:
            return None
        if (row, code) not in self._read:
            self._read[row, code] = next_list(self._lists[code], row, self._now_seconds, self._parameters)
        return self._read[row, code]


class Sequence:
    """What the lists of a shopper's last products say, as ``SequenceScorer`` adds them up, "viewed next" alone."""

    name = "sequence"

    def __init__(self, viewed: sparse.csr_matrix, weights: ScoringWeights) -> None:
        most = np.asarray(viewed.max(axis=1).todense()).ravel()
        self._lists = (sparse.diags(1.0 / np.maximum(most, weights.min_sequence_weight)) @ viewed).tocsr()
        self._n_recent = weights.n_sequence
        self._worth = np.power(weights.sequence_decay, np.arange(weights.n_sequence, dtype=np.float64))

    def opinions(self, cases: Cases) -> Opinions:
        return Opinions.of_matrix(gathered(self._lists, cases.recent(self._n_recent), self._worth))


def _once_a_session(log: Interactions) -> tuple[Interactions, NDArray[np.intp]]:
    """Return each product of a session where it was met first, session by session, and the sessions' numbers."""
    log, sessions = log.by_session()
    keys = sessions.astype(np.int64) * (int(log.rows.max(initial=0)) + 1) + log.rows
    first = np.sort(np.unique(keys, return_index=True)[1])
    return log.where(first), sessions[first]


def _left(log: Interactions, now_seconds: float, parameters: FollowingParameters) -> NDArray[np.float64]:
    """Return what is left of each interaction's weight."""
    left: NDArray[np.float64] = np.exp(-ln(2.0) * (now_seconds - log.seconds) / parameters.half_life_seconds)
    return left
