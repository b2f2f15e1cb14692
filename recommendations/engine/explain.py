"""Where a score comes from, to the last millionth, and why a product is not shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from recommendations.engine.behaviour import Step
from recommendations.engine.blend import Blend
from recommendations.engine.candidates import hot_groups, near_groups
from recommendations.engine.filters import Filter
from recommendations.engine.ladder import UNITS, Ranked
from recommendations.engine.scorers import ContentScorer
from recommendations.engine.shop import Shop


@dataclass(frozen=True, slots=True)
class SharedTerm:
    """A term that both texts have, by its number, and what it adds to their cosine."""

    term: int
    contribution: float


@dataclass(frozen=True, slots=True)
class Term:
    """One term of a score: ``contribution`` is ``weight`` times ``value``, within a millionth.

    A term's ``parts`` add up to it. ``facts``: the numbers that ``value`` was made from; ``shared`` texts and ``steps``
    through recent products likewise.
    """

    name: str
    weight: float
    value: float
    contribution: float
    parts: tuple["Term", ...] = ()
    facts: Mapping[str, float | None] = field(default_factory=dict)
    shared: tuple[SharedTerm, ...] = ()
    steps: tuple[Step, ...] = ()


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
    terms = [exact["content"]] if page_row is not None else []
    terms.append(_sum("trend", blend.shares.trend, exact["clicks"], exact["rating"]))
    if blend.behaviour is not None:
        terms.append(_sum("behaviour", blend.shares.behaviour, exact["recent"], exact["preference"]))
    return Breakdown(units / UNITS, tuple(terms))


def why_dropped(shop: Shop, filtering: Filter, places: Sequence[Ranked], row: int, page_row: int, score: float) -> Drop:
    """Return where the product in ``row`` was dropped on its way into ``places``, in which it is not.

    ``score``: what it would have.
    """
    rule = filtering.broken_rule(shop.catalogue, row)
    if rule is not None:
        return Drop(Stage.FILTER, rule)
    group = shop.catalogue.groups.item(row)
    for place in places:
        if shop.catalogue.groups.item(place.row) == group:
            return Drop(Stage.VARIANTS, VARIANT_OF_SHOWN, shown_row=place.row, to_beat=place.score)
    categories = filtering.categories or (shop.catalogue.categories.item(page_row),)
    if group not in near_groups(shop, page_row)[0] and group not in hot_groups(shop, categories):
        return Drop(Stage.CANDIDATES, NOT_A_CANDIDATE)
    return Drop(Stage.RANKING, BELOW_LAST_PLACE, to_beat=places[-1].score if places else score)


def shared_terms(shop: Shop, one: int, other: int, cosine: float) -> tuple[SharedTerm, ...]:
    """Return the terms that the texts of two rows share, the weightiest first; they add up to ``cosine``."""
    terms, weights = shop.similarity.vector(shop.catalogue.groups.item(one))
    other_terms, other_weights = shop.similarity.vector(shop.catalogue.groups.item(other))
    both, ours, theirs = np.intersect1d(terms, other_terms, assume_unique=True, return_indices=True)
    products = (weights[ours].astype(np.float64) * other_weights[theirs]).tolist()
    parts = _apportion(round(cosine * UNITS), products)
    shared = [SharedTerm(term, part / UNITS) for term, part in zip(both.tolist(), parts, strict=True)]
    return tuple(sorted(shared, key=lambda term: (-term.contribution, term.term)))


def _leaves(blend: Blend, row: int, page_row: int | None) -> dict[str, Term]:
    """Return what has no parts, with contributions that are not yet exact."""
    shop, shares, weights, rows = blend.shop, blend.shares, blend.shop.weights, np.array([row], dtype=np.int32)
    leaves = {}
    if page_row is not None:
        cosine = float(ContentScorer.beside(shop, page_row).score(rows)[0])
        shared = shared_terms(shop, page_row, row, cosine)
        leaves["content"] = Term("content", shares.content, cosine, 0.0, shared=shared)
    clicks = {
        "clicks": int(shop.hotness.clicks[row]),
        "decayed_clicks": float(blend.trend.decayed_clicks(rows)[0]),
        "peak": float(blend.trend.peaks(rows)[0]),
    }
    rating = shop.catalogue.ratings.item(row)
    ratings = {"rating": None if np.isnan(rating) else rating, "mean_rating": shop.catalogue.mean_rating}
    leaves["clicks"] = _leaf("clicks", shares.trend * weights.clicks_share, blend.trend.clicks(rows)[0], clicks)
    leaves["rating"] = _leaf("rating", shares.trend * weights.rating_share, blend.trend.ratings(rows)[0], ratings)
    if blend.behaviour is not None:
        share, steps = shares.behaviour, tuple(blend.behaviour.steps(row))
        recent = float(blend.behaviour.recents(rows)[0])
        leaves["recent"] = Term("recent", share * weights.recent_share, recent, 0.0, steps=steps)
        liked = float(blend.behaviour.preference(rows)[0])
        leaves["preference"] = Term("preference", share * weights.preference_share, liked, 0.0)
    return leaves


def _leaf(name: str, weight: float, value: float, facts: Mapping[str, float | None]) -> Term:
    return Term(name, weight, float(value), 0.0, facts=facts)


def _with(term: Term, contribution: float) -> Term:
    return Term(
        term.name, term.weight, term.value, contribution, facts=term.facts, shared=term.shared, steps=term.steps
    )


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
