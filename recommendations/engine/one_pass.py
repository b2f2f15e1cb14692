"""The scored rung of a page in one call of C: the list that product_page makes in arrays."""

import math
from array import array
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommendations.engine import decay
from recommendations.engine.around import NOTHING_PACKED, PackedAround, packed_around, packed_variants
from recommendations.engine.behaviour import BehaviourScorer
from recommendations.engine.blend import HOT_SHARE, Blend, around_categories
from recommendations.engine.candidates import FLOOR
from recommendations.engine.filters import Filter
from recommendations.engine.kernel.ranking import MAX_RECENT, Known, Question, Ranker
from recommendations.engine.ladder import UNITS, Ranked
from recommendations.engine.reasons import PLAIN_REASONS, Reason, ReasonCode
from recommendations.engine.sequence import VARIANT_FLOOR
from recommendations.engine.shop import Shop

NO_GROUP = -1


class _Recent(NamedTuple):
    """The bytes of what a shopper met lately, see shop.h."""

    groups: bytes = b""
    left: bytes = b""
    counts: bytes = b""
    near: bytes = b""
    cosines: bytes = b""


def ranker_for(blend: Blend) -> Ranker | None:
    """Return what ranks the pages of ``blend`` in C; None where that was not built, or takes more than it can."""
    if blend.behaviour is not None and len(blend.behaviour.recent) > MAX_RECENT:
        return None
    return blend.shop.ranker


def best_beside(ranker: Ranker, blend: Blend, row: int, filtering: Filter, limit: int) -> Iterator[tuple[int, Ranked]]:
    """Yield the best of the neighbours of ``row``, what shoppers went on to, and the hottest around it, by group."""
    shop = blend.shop
    group = shop.catalogue.groups.item(row)
    near, cosines = shop.similarity.listed(group)
    lists = packed_around(shop, row, blend.page_sequence)
    hot = _hot(shop, around_categories(shop, row, filtering.categories))
    return _best(ranker, blend, filtering, limit, group, near.tobytes(), cosines.tobytes(), lists, hot)


def best_of(
    ranker: Ranker, blend: Blend, groups: NDArray[np.int32], filtering: Filter, limit: int
) -> Iterator[tuple[int, Ranked]]:
    """Yield the best of ``groups``, which are distinct, where no product is looked at."""
    lists = NOTHING_PACKED
    if blend.sequence is not None:
        lists = packed_variants(blend.sequence)._replace(listed=blend.sequence.score(groups).tobytes())
    near = groups.astype(np.int32, copy=False).tobytes()
    return _best(ranker, blend, filtering, limit, NO_GROUP, near, bytes(len(near)), lists, b"")


def _best(
    ranker: Ranker,
    blend: Blend,
    filtering: Filter,
    limit: int,
    group: int,
    near: bytes,
    cosines: bytes,
    lists: PackedAround,
    hot: bytes,
) -> Iterator[tuple[int, Ranked]]:
    shop, weights, shares, behaviour = blend.shop, blend.shop.weights, blend.shares, blend.behaviour
    left_out = array("q", frozenset().union(*filtering.left_out.values()))
    wanted = filtering.wanted_categories(shop.catalogue)
    recent, preferences = _NOT_RECENT if behaviour is None else _recent(behaviour), _preferences(behaviour)
    # By position, in the order of their names: that is half the time.
    question = Question(
        group,
        limit,
        filtering.in_stock_only,
        len(near) // 4,
        len(lists.followers) // 8,
        len(lists.shared_rows) // 8,
        len(hot) // 4,
        len(left_out),
        len(recent.groups) // 8,
        -math.inf if filtering.min_price is None else filtering.min_price,
        math.inf if filtering.max_price is None else filtering.max_price,
        shares.content,
        shares.trend * weights.clicks_share,
        shares.trend * weights.rating_share,
        shares.sequence,
        shares.behaviour * weights.recent_share,
        shares.behaviour * weights.preference_share,
        ranker.best_rating,
        0.0 if preferences is None or behaviour is None else behaviour.preferences.max().item(),
        math.log(weights.min_peak_weight) + _HOUR_RATE * blend.trend.now_seconds,
        FLOOR,
        VARIANT_FLOOR,
        HOT_SHARE,
    )
    known = Known(
        near,
        cosines,
        lists.followers,
        lists.cosines,
        lists.listed,
        lists.shared_rows,
        lists.shares,
        hot,
        left_out.tobytes(),
        None if wanted is None else wanted.tobytes(),
        *recent,
        preferences,
    )
    for row, own, _, reason, led_by, units in ranker.best(question, known):
        yield own, Ranked(row, units / UNITS, _PLAIN[reason] or _reason(blend, reason, own, led_by))


def _hot(shop: Shop, categories: tuple[int, ...]) -> bytes:
    n, hot = shop.weights.n_hot_candidates, shop.hotness.hot
    if len(categories) == 1:
        return hot[categories[0]][:n].tobytes()
    return b"".join(hot[category][:n].tobytes() for category in categories)


def _recent(behaviour: BehaviourScorer) -> _Recent:
    if not behaviour.recent:
        return _NOT_RECENT
    shop = behaviour.shop
    groups = array("q", map(shop.catalogue.groups.item, behaviour.recent))
    left = array("d", (shop.weights.recency_decay**position for position in range(len(groups))))
    lists = [shop.similarity.listed(group) for group in groups]
    return _Recent(
        groups.tobytes(),
        left.tobytes(),
        array("q", (len(near) for near, _ in lists)).tobytes(),
        b"".join(near.tobytes() for near, _ in lists),
        b"".join(cosines.tobytes() for _, cosines in lists),
    )


def _preferences(behaviour: BehaviourScorer | None) -> bytes | None:
    return behaviour.preferences.tobytes() if behaviour is not None and behaviour.preferences.any() else None


def _reason(blend: Blend, number: int, group: int, led_by: int) -> Reason:
    """Return a reason with the product that led to ``group``."""
    code = CODES[number]
    if code is ReasonCode.BEHAVIOUR and blend.behaviour is not None:
        return Reason(code, blend.behaviour.recent[led_by])
    return blend.reason_of(code, group)


# As shop.h numbers them. Of two it is told what led there, too.
CODES = (
    ReasonCode.TRENDING,
    ReasonCode.SIMILAR,
    ReasonCode.BEHAVIOUR,
    ReasonCode.PREFERENCE,
    ReasonCode.ALSO_VIEWED,
)
_LED = {ReasonCode.BEHAVIOUR, ReasonCode.ALSO_VIEWED}
_PLAIN = tuple(None if code in _LED else PLAIN_REASONS[code] for code in CODES)
_HOUR_RATE = decay.rate_constant(decay.HOUR_SECONDS)
_NOT_RECENT = _Recent()
