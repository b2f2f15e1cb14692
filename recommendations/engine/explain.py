"""Where a score comes from, to the last millionth, and why a product is not shown."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from recommendations.engine.alone import hottest_groups
from recommendations.engine.blend import Blend, around_categories
from recommendations.engine.candidates import hot_groups, near_groups
from recommendations.engine.filters import Filter
from recommendations.engine.ladder import UNITS, Ranked
from recommendations.engine.reasons import ReasonCode
from recommendations.engine.recents import Step
from recommendations.engine.scorers import ContentScorer
from recommendations.engine.sequence import Lead
from recommendations.engine.shop import Shop
from recommendations.engine.strategies import Strategy

# The parts of the sequence, in the order in which they are told.
LIST_CODES = (ReasonCode.ALSO_VIEWED, ReasonCode.BOUGHT_TOGETHER, ReasonCode.BOUGHT_AFTER)


@dataclass(frozen=True, slots=True)
class SharedTerm:
    """A term that both texts have, by its number, and what it adds to their cosine."""

    term: int
    contribution: float


@dataclass(frozen=True, slots=True)
class Term:
    """One term of a score: ``contribution`` is ``weight`` times ``value``, within a millionth.

    A term's ``parts`` add up to it. ``facts``: the numbers that ``value`` was made from; ``shared`` texts, ``steps``
    through recent products and ``leads`` of lists likewise.
    """

    name: str
    weight: float
    value: float
    contribution: float
    parts: tuple["Term", ...] = ()
    facts: Mapping[str, float | None] = field(default_factory=dict)
    shared: tuple[SharedTerm, ...] = ()
    steps: tuple[Step, ...] = ()
    leads: tuple[Lead, ...] = ()


@dataclass(frozen=True, slots=True)
class Breakdown:
    """A score and the terms that add up to it."""

    score: float
    terms: tuple[Term, ...]


class Stage(StrEnum):
    """Where a product is dropped on its way into a list."""

    FILTER = "filter"
    CANDIDATES = "candidates"
    VARIANTS = "variants"
    RANKING = "ranking"


# Besides those of the filter.
VARIANT_OF_SHOWN, NOT_A_CANDIDATE, BELOW_LAST_PLACE = OTHER_RULES = (
    "variant_of_shown",
    "not_a_candidate",
    "below_last_place",
)


@dataclass(frozen=True, slots=True)
class Drop:
    """Why a product is not in a list. ``shown_row``: the variant that stands there for it; ``to_beat``: a score."""

    stage: Stage
    rule: str
    shown_row: int | None = None
    to_beat: float | None = None


def break_down(blend: Blend, row: int, page_row: int | None) -> Breakdown:
    """Return the score that ``blend`` gives to the product in ``row``, and its terms.

    ``page_row``: the product of the page; None on a page without one.
    """
    rows = np.array([row], dtype=np.int32)
    leaves = _leaves(blend, row, page_row)
    content = None
    if page_row is not None:
        content = blend.shares.content * ContentScorer.beside(blend.shop, page_row).score(rows)
    units = int(np.rint(blend.parts(rows, content).total * UNITS)[0])
    shares = _apportion(units, [leaf.weight * leaf.value for leaf in leaves.values()])
    exact = {name: _with(leaf, share / UNITS) for (name, leaf), share in zip(leaves.items(), shares, strict=True)}
    return Breakdown(units / UNITS, tuple(_terms(blend, exact)))


def why_dropped(
    blend: Blend,
    filtering: Filter,
    places: Sequence[Ranked],
    row: int,
    page_row: int,
    score: float,
    strategy: Strategy = Strategy.HYBRID,
) -> Drop:
    """Return where the product in ``row`` was dropped on its way into ``places``, in which it is not.

    ``score``: what it would have, by the page's ``blend``.
    """
    shop = blend.shop
    rule = filtering.broken_rule(shop.catalogue, row)
    if rule is not None:
        return Drop(Stage.FILTER, rule)
    group = shop.catalogue.groups.item(row)
    for place in places:
        if shop.catalogue.groups.item(place.row) == group:
            return Drop(Stage.VARIANTS, VARIANT_OF_SHOWN, shown_row=place.row, to_beat=place.score)
    if not _is_candidate(blend, filtering, group, page_row, strategy):
        return Drop(Stage.CANDIDATES, NOT_A_CANDIDATE)
    return Drop(Stage.RANKING, BELOW_LAST_PLACE, to_beat=places[-1].score if places else score)


def _is_candidate(blend: Blend, filtering: Filter, group: int, page_row: int, strategy: Strategy) -> bool:
    categories = around_categories(blend.shop, page_row, filtering.categories)
    if strategy is Strategy.TRENDING:
        return group in hottest_groups(blend.trend, categories)
    is_near = group in near_groups(blend.shop, page_row)[0]
    if strategy is Strategy.SIMILAR:
        return is_near
    is_listed = blend.sequence is not None and group in blend.sequence.groups
    if strategy is not Strategy.HYBRID:
        return is_listed
    return is_near or is_listed or group in hot_groups(blend.shop, categories)


def shared_terms(shop: Shop, one: int, other: int, cosine: float) -> tuple[SharedTerm, ...]:
    """Return the terms that the texts of two rows share, the weightiest first; they add up to ``cosine``."""
    terms, weights = shop.similarity.vector(shop.catalogue.groups.item(one))
    other_terms, other_weights = shop.similarity.vector(shop.catalogue.groups.item(other))
    both, ours, theirs = np.intersect1d(terms, other_terms, assume_unique=True, return_indices=True)
    products = (weights[ours].astype(np.float64) * other_weights[theirs]).tolist()
    parts = _apportion(round(cosine * UNITS), products)
    shared = [SharedTerm(term, part / UNITS) for term, part in zip(both.tolist(), parts, strict=True)]
    return tuple(sorted(shared, key=lambda term: (-term.contribution, term.term)))


def _terms(blend: Blend, exact: Mapping[str, Term]) -> Iterator[Term]:
    """Yield the terms of a score from what has no parts; a signal that weighs nothing is none."""
    shares = blend.shares
    if "content" in exact:
        yield exact["content"]
    if shares.trend:
        yield _sum("trend", shares.trend, exact["clicks"], exact["rating"])
    if blend.behaviour is not None:
        yield _sum("behaviour", shares.behaviour, exact["recent"], exact["preference"])
    if blend.sequence is not None:
        lists = [exact[code] for code in LIST_CODES if code in exact]
        yield _sum("sequence", shares.sequence, *lists)


def _leaves(blend: Blend, row: int, page_row: int | None) -> dict[str, Term]:
    """Return what has no parts, with contributions that are not yet exact."""
    leaves = {}
    if page_row is not None and blend.shares.content:
        cosine = float(ContentScorer.beside(blend.shop, page_row).score(np.array([row], dtype=np.int32))[0])
        shared = shared_terms(blend.shop, page_row, row, cosine)
        leaves["content"] = Term("content", blend.shares.content, cosine, 0.0, shared=shared)
    return leaves | _trend_leaves(blend, row) | _behaviour_leaves(blend, row) | _list_leaves(blend, row)


def _trend_leaves(blend: Blend, row: int) -> dict[str, Term]:
    shop, share, rows = blend.shop, blend.shares.trend, np.array([row], dtype=np.int32)
    if not share:
        return {}
    clicks = {
        "clicks": int(shop.hotness.clicks[row]),
        "decayed_clicks": float(blend.trend.decayed_clicks(rows)[0]),
        "peak": float(blend.trend.peaks(rows)[0]),
    }
    rating = shop.catalogue.ratings.item(row)
    ratings = {"rating": None if np.isnan(rating) else rating, "mean_rating": shop.catalogue.mean_rating}
    return {
        "clicks": _leaf("clicks", share * shop.weights.clicks_share, blend.trend.clicks(rows)[0], clicks),
        "rating": _leaf("rating", share * shop.weights.rating_share, blend.trend.ratings(rows)[0], ratings),
    }


def _behaviour_leaves(blend: Blend, row: int) -> dict[str, Term]:
    if blend.behaviour is None:
        return {}
    weights, share, rows = blend.shop.weights, blend.shares.behaviour, np.array([row], dtype=np.int32)
    recent, liked = blend.behaviour.recents(rows).item(0), blend.behaviour.preference(rows).item(0)
    steps = tuple(blend.behaviour.steps(row))
    return {
        "recent": Term("recent", share * weights.recent_share, recent, 0.0, steps=steps),
        "preference": Term("preference", share * weights.preference_share, liked, 0.0),
    }


def _list_leaves(blend: Blend, row: int) -> dict[str, Term]:
    """Return what the lists of each kind say, those left out that do not lead to ``row``."""
    if blend.sequence is None:
        return {}
    by_code: dict[str, list[Lead]] = {}
    for lead in blend.sequence.leads(row, blend.shop.catalogue.groups.item(row)):
        by_code.setdefault(lead.code, []).append(lead)
    return {
        code: Term(code, blend.shares.sequence, math.fsum(lead.worth for lead in leads), 0.0, leads=tuple(leads))
        for code, leads in by_code.items()
    }


def _leaf(name: str, weight: float, value: float, facts: Mapping[str, float | None]) -> Term:
    return Term(name, weight, float(value), 0.0, facts=facts)


def _with(term: Term, contribution: float) -> Term:
    return Term(term.name, term.weight, term.value, contribution, (), term.facts, term.shared, term.steps, term.leads)


def _sum(name: str, weight: float, *parts: Term) -> Term:
    units = sum(round(part.contribution * UNITS) for part in parts)
    value = sum(part.weight * part.value for part in parts) / weight if weight else 0.0
    return Term(name, weight, value, units / UNITS, parts)


def _apportion(units: int, parts: Sequence[float]) -> list[int]:
    """Return ``parts`` in whole millionths that add up to ``units``: the largest remainders are rounded up."""
    scaled = [part * UNITS for part in parts]
    whole = [int(part) for part in scaled]
    by_remainder = sorted(range(len(parts)), key=lambda place: whole[place] - scaled[place])
    missing = units - sum(whole)
    for turn in range(missing if parts else 0):
        whole[by_remainder[turn % len(parts)]] += 1
    if missing < 0:  # float32 said a little less than the sum of its parts
        whole[max(range(len(parts)), key=whole.__getitem__)] += missing
    return whole
