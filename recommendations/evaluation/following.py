"""What shoppers look at next, learned from whole sessions at once: the offline form of the live lists.

A product is followed by what stands up to five steps later in the same session, by e^(−distance/3) times the worth of
the step's kind; what stands before it counts half. Older steps fade. A list keeps its 50 strongest.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from recommendations.evaluation.cases import Cases
from recommendations.evaluation.log import Interactions
from recommendations.evaluation.opinions import Opinions, gathered


@dataclass(frozen=True, slots=True)
class FollowingParameters:
    """How lists are learned, and how those of a shopper's recent products are added up."""

    max_distance: int = 5
    distance_scale: float = 3.0
    backward: float = 0.5
    half_life_seconds: float = 30 * 24 * 3600.0
    list_size: int = 50
    n_recent: int = 10
    position_scale: float = 3.0


def learn(log: Interactions, n_products: int, now_seconds: float, parameters: FollowingParameters) -> sparse.csr_matrix:
    """Return the lists as lines: by product what follows it, shape ``(n_products, n_products)``."""
    log, sessions = log.by_session()
    worth = log.weights * 0.5 ** ((now_seconds - log.seconds) / parameters.half_life_seconds)
    lists = sparse.csr_matrix((n_products, n_products))
    for distance in range(1, parameters.max_distance + 1):
        (firsts,) = np.nonzero(sessions[distance:] == sessions[:-distance])
        seconds = firsts + distance
        one, other = log.rows[firsts], log.rows[seconds]
        pairs = sparse.csr_matrix((worth[seconds], (one, other)), shape=lists.shape)
        back = sparse.csr_matrix((worth[firsts], (other, one)), shape=lists.shape)
        lists = lists + np.exp(-distance / parameters.distance_scale) * (pairs + parameters.backward * back)
    lists.setdiag(0.0)
    lists.eliminate_zeros()
    return strongest(lists.tocsr(), parameters.list_size)


def strongest(matrix: sparse.csr_matrix, n: int) -> sparse.csr_matrix:
    """Return the ``n`` largest entries of each line."""
    owners = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    order = np.lexsort((matrix.indices, -matrix.data, owners))
    kept = order[np.arange(len(order)) - matrix.indptr[owners] < n]
    kept_in = (matrix.data[kept], (owners[kept], matrix.indices[kept]))
    return sparse.csr_matrix(kept_in, shape=matrix.shape)


class Sequence:
    """The lists of a shopper's last products, added up, each step back leaving e^(−1/3) of its list."""

    name = "sequence"

    def __init__(self, lists: sparse.csr_matrix, parameters: FollowingParameters) -> None:
        self._lists, self._n_recent = lists, parameters.n_recent
        self._worth = np.exp(-np.arange(parameters.n_recent) / parameters.position_scale)

    def opinions(self, cases: Cases) -> Opinions:
        return Opinions.of_matrix(gathered(self._lists, cases.recent(self._n_recent), self._worth))
