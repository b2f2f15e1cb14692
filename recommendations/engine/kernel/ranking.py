"""One shop as C sees it, and the best of a page's candidates in one call."""

import ctypes
import threading
from struct import Struct
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.catalogue import Catalogue
from recommendations.engine.hotness import Hotness
from recommendations.engine.kernel.library import library
from recommendations.engine.patched_similarity import PatchedSimilarity
from recommendations.engine.similarity import Similarity

# As shop.h has them; of a place's numbers, those that nobody asks for are passed over.
_SHOP, _QUESTION, _PLACE = Struct("=2q19Q"), Struct("=9q14d"), Struct("=5qd48x")
# Of how many recent products at most it can be told what they say.
MAX_RECENT = 64
_BROKEN, _NO_MEMORY, _NULL = -1, -2, 0


class Question(NamedTuple):
    """What is asked, in numbers, in C's order; see shop.h."""

    group: int
    limit: int
    in_stock_only: bool
    n_near: int
    n_followers: int
    n_shared: int
    n_hot: int
    n_left_out: int
    n_recent: int
    min_price: float
    max_price: float
    content: float
    clicks: float
    rating: float
    sequence: float
    recent: float
    preference: float
    best_rating: float
    best_preference: float
    least_peak: float
    least_nearest: float
    variant_floor: float
    hot_share: float


class Known(NamedTuple):
    """Who is considered, and who is not: the bytes of arrays, in the order and of the types that shop.h says."""

    near: bytes
    near_cosines: bytes
    followers: bytes | None
    follower_cosines: bytes | None
    listed: bytes | None
    shared_rows: bytes | None
    shares: bytes | None
    hot: bytes
    left_out: bytes
    is_wanted: bytes | None
    recent: bytes
    left: bytes
    recent_counts: bytes
    recent_near: bytes
    recent_cosines: bytes
    preferences: bytes | None


# The best variant of a group: its row, its group, its product's id, the number of the reason why it is shown, which
# recent product says most for it, or -1, and its score in whole millionths.
Found = tuple[int, int, int, int, int, float]


class Ranker:
    """Ranks the candidates of one shop's pages. It keeps the shop's arrays alive."""

    def __init__(
        self,
        rank: Any,
        catalogue: Catalogue,
        similarity: Similarity,
        hotness: Hotness,
        on_sale: NDArray[np.bool_],
        ratings: NDArray[np.float64],
    ) -> None:
        """``rank``: C's; ``on_sale`` and ``ratings``, in [0, 1]: by product, as :class:`Readings` has them."""
        self.similarity, self._rank, self._held = similarity, rank, list[NDArray[Any]]()
        self.best_rating: float = ratings.max(initial=0.0).item()
        _check_lengths(catalogue, similarity, hotness)
        texts, arrays = similarity, self._address
        fresh = (_NULL, _NULL, _NULL, _NULL)
        if isinstance(texts, PatchedSimilarity):
            vectors = texts.vectors
            fresh = (
                arrays(texts.fresh, np.int32),
                arrays(vectors.indptr, np.int64),
                arrays(vectors.keys, np.int64),
                arrays(vectors.values, np.float32),
            )
        self._shop = _SHOP.pack(
            len(catalogue.group_starts) - 1,
            texts.n_terms,
            arrays(catalogue.vocabulary.product_ids, np.int64),
            arrays(catalogue.groups, np.int32),
            arrays(catalogue.categories, np.int32),
            arrays(catalogue.is_active, np.bool_),
            arrays(on_sale, np.bool_),
            arrays(catalogue.prices, np.float64),
            arrays(ratings, np.float64),
            arrays(hotness.hour, np.float64),
            arrays(catalogue.group_starts, np.int64),
            arrays(catalogue.group_rows, np.int32),
            arrays(hotness.group_hour, np.float64),
            arrays(hotness.peaks, np.float64),
            arrays(texts.indptr, np.int64),
            arrays(texts.indices, np.int32),
            arrays(texts.data, np.float32),
            *fresh,
        )

    @classmethod
    def of(
        cls,
        catalogue: Catalogue,
        similarity: Similarity,
        hotness: Hotness,
        on_sale: NDArray[np.bool_],
        ratings: NDArray[np.float64],
    ) -> "Ranker | None":
        """Return the ranker of a shop; None where there is no library to rank with."""
        rank = _ranking_in_c()
        return None if rank is None else cls(rank, catalogue, similarity, hotness, on_sale, ratings)

    def best(self, question: Question, known: Known) -> list[Found]:
        """Return the best variants of the best groups, at most ``limit``, best first.

        Raises IndexError for a group or a term that the shop does not have.
        """
        room, address = _room_for(question.limit)
        n = self._rank(self._shop, _QUESTION.pack(*question), *known, address)
        if n == _BROKEN:
            message = "A list names a group, or a text a term, that the index does not have."
            raise IndexError(message)
        if n == _NO_MEMORY:
            raise MemoryError
        return list(_PLACE.iter_unpack(room[: n * _PLACE.size]))

    def _address(self, array: NDArray[Any], dtype: type) -> int:
        """Return where ``array`` begins, and keep it; raises TypeError for one that C would misread."""
        if array.dtype != dtype or not array.flags.c_contiguous:
            message = f"C reads contiguous arrays of {np.dtype(dtype)}, and no other of {array.dtype}."
            raise TypeError(message)
        self._held.append(array)
        return array.ctypes.data


def _check_lengths(catalogue: Catalogue, similarity: Similarity, hotness: Hotness) -> None:
    """Raise ValueError for arrays that are not of one shop: C would read beyond them."""
    n_products, n_groups = len(catalogue.vocabulary), len(catalogue.group_starts) - 1
    by_product = (catalogue.groups, catalogue.categories, catalogue.prices, catalogue.is_active, hotness.hour)
    n_texts = len(similarity.fresh) if isinstance(similarity, PatchedSimilarity) else len(similarity.indptr) - 1
    fits = all(len(array) == n_products for array in by_product) and len(catalogue.group_rows) <= n_products
    if not fits or len(hotness.group_hour) < n_groups or n_texts < n_groups:
        message = f"Arrays of different lengths for {n_products} products in {n_groups} groups."
        raise ValueError(message)


def ranks_in_c() -> bool:
    """Return whether this process has what ranks in C."""
    return _ranking_in_c() is not None


def _ranking_in_c() -> Any:
    """Return C's function; None where there is no library, or one that was made for another Python's side."""
    compiled = library()
    if compiled is None:
        return None
    ours = [_SHOP.size, _QUESTION.size, _PLACE.size]
    if list((ctypes.c_int64 * len(ours)).in_dll(compiled, "layout")) != ours:
        return None
    rank = compiled.rank
    rank.restype = ctypes.c_int64
    rank.argtypes = [ctypes.c_char_p] * 18 + [ctypes.c_void_p]
    return rank


def _room_for(limit: int) -> tuple[memoryview, int]:
    """Return room of this thread's for so many places, and where it begins."""
    room: tuple[memoryview, int] | None = getattr(_local, "room", None)
    size = limit * _PLACE.size
    if room is None or len(room[0]) < size:
        buffer = ctypes.create_string_buffer(size)
        room = _local.room = memoryview(buffer), ctypes.addressof(buffer)
    return room


_local = threading.local()
