"""What is answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from recommendations.engine.reasons import ReasonCode


class Recommendation(NamedTuple):
    """One place of the list. ``card``: the product as JSON; ``score`` in [0, 1].

    ``evidence``: the terms that add up to the score, if they were asked for; a fallback has none.
    """

    card: bytes
    score: float
    reason: str
    reason_code: ReasonCode
    evidence: dict[str, Any] | None = None


@dataclass(slots=True)  # not frozen: one is made per request, and that would take three times as long
class Recommendations:
    """An answer, with what it was made from and what it lacks. ``product_ids``: those of ``items``, in their order."""

    items: list[Recommendation]
    recommendation_id: str
    index_version: str
    degraded: list[str]
    has_evidence: bool = False
    product_ids: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class TrendingProduct:
    """One hot product; ``rising``: the last hour's rate over its week's, 1 being steady."""

    card: bytes
    score: float
    rising: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """One candidate beside one product.

    ``position``: its place in the list, from 1; None where it is not in, and ``dropped`` says why. ``score``: served at
    that place, or what it would be; the terms in ``evidence`` add up to it. A fallback has its place's score, and none.
    """

    product: bytes
    candidate: bytes
    position: int | None
    score: float
    reason: str | None
    reason_code: ReasonCode | None
    evidence: dict[str, Any] | None
    dropped: dict[str, Any] | None
    index_version: str
    degraded: list[str]
