"""How good a version's lists are, as people read it."""

from collections.abc import Iterator

from django.utils.timesince import timesince

from recommendations.models import IndexVersion
from sdr import clock

_BLEND, _POPULARITY = "blend", "popularity"
_NAMES = {"hit_rate": "hit rate", "mrr": "MRR", "ndcg": "NDCG", "recall": "recall", "precision": "precision"}


def in_short(version: IndexVersion) -> str:
    """Return the two figures that tell most, why there are none, or nothing."""
    lists = version.offline_metrics.get(_BLEND)
    if not lists:
        return version.evaluation_note or "—"
    return f"NDCG@20 {lists['ndcg@20']:.1%}, hit rate@20 {lists['hit_rate@20']:.1%}"


def ndcg_of(version: IndexVersion) -> str:
    """Return the figure that decides, or nothing."""
    lists = version.offline_metrics.get(_BLEND)
    return f"{lists['ndcg@20']:.1%}" if lists else ""


def when(version: IndexVersion) -> str:
    if version.evaluated_at is None:
        return "never"
    return f"{timesince(version.evaluated_at, clock.now(), depth=1)} ago, on {version.n_cases:,} cases of the archive"


def figures(version: IndexVersion) -> Iterator[str]:
    """Yield a line for each metric, beside what a list of the most popular would have reached."""
    lists, popular = (version.offline_metrics.get(name, {}) for name in (_BLEND, _POPULARITY))
    for metric, value in lists.items():
        name, _, cut = metric.partition("@")
        beside = f" (the most popular: {popular[metric]:.1%})" if metric in popular else ""
        yield f"{_NAMES.get(name, name)}@{cut}: {value:.1%}{beside}"
