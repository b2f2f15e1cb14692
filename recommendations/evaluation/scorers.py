"""Who is compared: the baselines, each signal of the engine alone, and the engine's blend of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommendations.engine import decay
from recommendations.engine.pages import Shop
from recommendations.engine.weights import ScoringWeights
from recommendations.evaluation.baselines import CategoryPopularity, ItemKnn, Popularity, Scorer, SessionKnn
from recommendations.evaluation.cases import Cases
from recommendations.evaluation.following import FollowingParameters, OfflineLists, Sequence, learn_viewed
from recommendations.evaluation.metrics import DEPTH
from recommendations.evaluation.opinions import ShopRules, best
from recommendations.evaluation.served import Blend
from recommendations.evaluation.shop import OfflineShop
from recommendations.evaluation.signals import Behaviour, Content, Trend
from recommendations.evaluation.splits import Split
from recommendations.evaluation.trends import hotness_of

# Cases that are scored together: their opinions are a few hundred megabytes at most.
BATCH = 1024


@dataclass(frozen=True, slots=True)
class Setting:
    """What the engine's side of the comparison is made with."""

    weights: ScoringWeights = field(default_factory=ScoringWeights)
    following: FollowingParameters = field(default_factory=FollowingParameters)
    trend_half_life_seconds: float = decay.HOUR_SECONDS


class Bench:
    """All scorers over one split, each learned when it is asked for."""

    def __init__(self, offline: OfflineShop, split: Split, setting: Setting, *, one_per_group: bool = True) -> None:
        self._offline, self._split, self._setting = offline, split, setting
        self._groups = offline.groups if one_per_group else np.arange(offline.n_products, dtype=np.int32)
        self._shop: Shop | None = None
        self._viewed: sparse.csr_matrix | None = None
        train, n = split.train, offline.n_products
        categories = offline.index.catalogue.categories
        self._makers: dict[str, Callable[[], Scorer | Blend]] = {
            "popularity": lambda: Popularity(train, self._groups),
            "category_popularity": lambda: CategoryPopularity(train, self._groups, categories),
            "item_knn": lambda: ItemKnn(train, n),
            "session_knn": lambda: SessionKnn(train, n),
            "content": lambda: Content(self.shop),
            "trend": lambda: Trend(self.shop, split.now_seconds),
            "behaviour": lambda: Behaviour(self.shop),
            "sequence": lambda: Sequence(self.viewed, setting.weights),
            "blend": self._blend,
        }
        if not offline.has_texts:
            del self._makers["content"], self._makers["behaviour"]
        if not offline.has_categories:
            del self._makers["category_popularity"]

    @property
    def names(self) -> list[str]:
        """The scorers that this data can be put to, the blend last."""
        return list(self._makers)

    @property
    def shop(self) -> Shop:
        """What the engine reads, as of the end of the training part."""
        if self._shop is None:
            index, split = self._offline.index, self._split
            hotness = hotness_of(split.train, index.catalogue, split.now_seconds, self._setting.trend_half_life_seconds)
            self._shop = Shop(index.catalogue, index.similarity, hotness, self._setting.weights)
        return self._shop

    @property
    def viewed(self) -> sparse.csr_matrix:
        """What shoppers met next, by the end of the training part."""
        if self._viewed is None:
            split, n = self._split, self._offline.n_products
            self._viewed = learn_viewed(split.train, n, split.now_seconds, self._setting.following)
        return self._viewed

    def _blend(self) -> Blend:
        train, now = self._split.train, self._split.now_seconds
        return Blend(self.shop, now, OfflineLists(train, self.viewed, now, self._setting.following))

    def lists(self, name: str, *, novel: bool, on_progress: Callable[[int], None]) -> NDArray[np.int32]:
        """Return the list of each case, shape ``(n_cases, DEPTH)``; ``on_progress`` is told how many are done."""
        scorer, cases, lists = self._makers[name](), self._split.cases, []
        for chosen in _batches(len(cases)):
            batch = cases.take(chosen)
            lists.append(self._lists(scorer, batch, novel=novel))
            on_progress(chosen[-1] + 1)
        return np.concatenate(lists)

    def _lists(self, scorer: Scorer | Blend, cases: Cases, *, novel: bool) -> NDArray[np.int32]:
        if isinstance(scorer, Blend):
            return scorer.lists(cases, novel=novel)
        left_out = cases.recent() if novel else np.full((len(cases), 1), -1, dtype=np.int32)
        return best(scorer.opinions(cases), ShopRules(self._groups, left_out), DEPTH)


def _batches(n: int) -> Iterator[NDArray[np.intp]]:
    for start in range(0, n, BATCH):
        yield np.arange(start, min(start + BATCH, n))
