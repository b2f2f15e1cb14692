"""Who is considered beside a product, and who of them is worth a score."""

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.around import Around, around
from recommendations.engine.blend import Blend, around_categories
from recommendations.engine.candidates import Candidates, most_outside
from recommendations.engine.filters import Filter
from recommendations.engine.hot import hot_above
from recommendations.engine.ladder import SLACK, ListBuilder, Scored
from recommendations.engine.one_pass import best_beside, best_of, ranker_for
from recommendations.engine.scorers import ContentScorer


def add_candidates(builder: ListBuilder, blend: Blend, row: int, filtering: Filter, limit: int) -> None:
    """Add the neighbours of ``row``, what shoppers went on to, and the hottest around it.

    In one pass in C where that was built, else in arrays; the list is the same.
    """
    ranker = ranker_for(blend)
    if ranker is None:
        _add_in_arrays(builder, blend, row, filtering, limit)
    else:
        builder.add_placed(best_beside(ranker, blend, row, filtering, limit))


def _add_in_arrays(builder: ListBuilder, blend: Blend, row: int, filtering: Filter, limit: int) -> None:
    """Add the same: the most promising first, and of the others only those which may still get a place.

    That leaves the list as it would be, and nine in ten candidates alone.
    """
    shares, known = blend.shares, around(blend.shop, row, blend.page_sequence)
    content = added = shares.content * known.cosines
    if known.sequence is not None:
        added = content + shares.sequence * known.sequence
    likely, most = blend.bounds(known.groups)
    most = most + added
    order = (-(likely + added)).argsort()
    first = order[: 2 * limit]
    add_groups(builder, blend, known.groups[first], content[first])
    others = _still_possible(order[2 * limit :], most, builder)
    far, far_content = _far(blend, row, filtering, known, builder.score_to_beat - SLACK)
    if len(others) or far:
        groups = np.concatenate([known.groups[others], np.array(far, dtype=np.intp)])
        add_groups(builder, blend, groups, np.concatenate([content[others], far_content]))
    builder.close_scored()


def add_promising(builder: ListBuilder, blend: Blend, groups: NDArray[np.int32], limit: int) -> None:
    """Add ``groups`` where no product is looked at: the most promising, then those that may still get a place."""
    ranker = ranker_for(blend)
    if ranker is not None:
        builder.add_placed(best_of(ranker, blend, groups, builder.filtering, limit))
        return
    likely, most = blend.bounds(groups)
    if blend.sequence is not None:
        listed = blend.shares.sequence * blend.sequence.score(groups)
        likely, most = likely + listed, most + listed
    order = (-likely).argsort()
    add_groups(builder, blend, groups[order[: 2 * limit]])
    add_groups(builder, blend, groups[_still_possible(order[2 * limit :], most, builder)])


def _still_possible(places: NDArray[np.intp], most: NDArray[np.float64], builder: ListBuilder) -> NDArray[np.intp]:
    return places[most[places] >= builder.score_to_beat - SLACK]


def add_groups(
    builder: ListBuilder,
    blend: Blend,
    groups: NDArray[np.intp] | NDArray[np.int32],
    content: NDArray[np.float64] | None = None,
) -> None:
    """Score all variants of ``groups``; ``content``: what each group's cosine adds, if the page has a product."""
    if len(groups):
        candidates = Candidates.of(blend.shop, groups)
        spread = None if content is None else candidates.spread(content, groups)
        parts = blend.parts(candidates.rows, spread)
        builder.add_scored(Scored(candidates, parts.total, lambda place: blend.reason(parts, place)))


def _far(blend: Blend, row: int, filtering: Filter, known: Around, to_beat: float) -> tuple[list[int], list[float]]:
    """Return what is hot, not yet known and may get a place, with what its cosine adds to its score."""
    shop, shares = blend.shop, blend.shares
    nearest = shares.content * most_outside(known.cosines[: known.n_near])
    least_trend = to_beat - shares.behaviour - nearest
    most_trend: dict[int, float] = {}
    for category in around_categories(shop, row, filtering.categories):
        most_trend.update(zip(*hot_above(blend.trend, category, least_trend / (shares.trend or 1.0)), strict=True))
    others = most_trend.keys() - {*known.groups.tolist(), shop.catalogue.groups.item(row)} if most_trend else ()
    if not others:
        return [], []
    most_besides = {group: shares.trend * most_trend[group] for group in others}
    if blend.behaviour is not None:
        _, behaviour = blend.behaviour.bounds(np.array(list(others), dtype=np.intp))
        for group, most in zip(others, behaviour.tolist(), strict=True):
            most_besides[group] += shares.behaviour * most
    groups = [group for group, most in most_besides.items() if most + nearest >= to_beat]
    if not groups:
        return [], []
    cosines = ContentScorer.beside(shop, row).unlike(np.array(groups, dtype=np.int32)).tolist()
    far = {group: shares.content * cosine for group, cosine in zip(groups, cosines, strict=True)}
    far = {group: added for group, added in far.items() if added + most_besides[group] >= to_beat}
    return list(far), list(far.values())
