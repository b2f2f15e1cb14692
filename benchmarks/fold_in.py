"""Computing an overlay of 1, 20, 100 and 1,000 new products beside H&M's 105,542, next to the bare sparse product."""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from benchmarks import Bench, _shop, index_build

if TYPE_CHECKING:
    from catalog.models import Product
    from recommendations.index.index import Index
    from recommendations.index.overlay.segment import Segment

# How many new products at once, and how often that is repeated: what takes long varies little.
SIZES = {1: 15, 20: 5, 100: 2, 1_000: 1}
FIRST_ID = 2**40
PROMISED_SECONDS = 1.0


def run(bench: Bench) -> None:
    """Record processor time in this process, without the database; ratios are to one call of the library."""
    _shop.indexed(bench)
    index = index_build.open_index(index_build.active_artifact())
    made = new_products(max(SIZES))
    overlay = Overlay(index, made)
    overlay.of(made[:1])  # lays the vectors of the build down by column, once in a process's life
    bare = BareProduct(index)
    for size, repeats in SIZES.items():
        products = made[:size]
        segment = overlay.of(products)
        ours = quickest(lambda products=products: overlay.of(products), repeats)
        least = quickest(lambda segment=segment: bare.of(segment), repeats)
        limit = f"bare sp_matmul_topn of these rows, 1 thread, {least * 1e3:.3g} ms"
        bench.record(f"{size:,} new products", ours * 1e3, "ms", ours / least, limit)
        limit = "texts, cards and lists; each round lays all edits over the index anew"
        bench.record(f"{size:,} new products, each", ours * 1e3 / size, "ms", None, limit)


def quickest(work: Callable[[], Any], repeats: int) -> float:
    """Return the least processor seconds: what is more is not the work's."""
    taken = []
    for _ in range(repeats):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return min(taken)


def new_products(n: int) -> "list[Product]":
    """Return products that read like H&M's, each in a variant group of its own; they are in no database."""
    from catalog.models import Product

    like = sorted(_shop.product_ids().values())[:: _shop.N_PRODUCTS // n][:n]
    made = list(Product.objects.filter(pk__in=like).select_related("category"))
    for number, product in enumerate(made):
        product.pk, product.sku, product.variant_group = FIRST_ID + number, f"new-{number}", None
    return made


class Overlay:
    """New products into a segment, in the rounds in which `follow_catalogue` takes them."""

    def __init__(self, index: "Index", products: "list[Product]") -> None:
        from recommendations.index.overlay.fold import Fold
        from recommendations.index.overlay.state import State

        self._fold, self._built = Fold(index), State(index)
        self._by_id = {product.pk: product for product in products}

    def of(self, products: "list[Product]") -> "Segment":
        from recommendations.index.overlay.folding import MAX_GROUPS, MAX_PRODUCTS
        from recommendations.index.overlay.segment import decode, encode

        state, ids = self._built, [product.pk for product in products]
        for first in range(0, len(ids), MAX_PRODUCTS):
            segment = self._fold.products(state, ids[first : first + MAX_PRODUCTS], self._read)
            state = state.after(decode(encode(segment)))
        while len(state.owing):
            segment = self._fold.neighbours(state, state.owing[:MAX_GROUPS], self._read)
            state = state.after(decode(encode(segment)))  # as it is written and read back, with no more than its own
        return state.edits

    def _read(self, ids: "Sequence[int]") -> "list[Product]":
        return [self._by_id[product_id] for product_id in ids if product_id in self._by_id]


class BareProduct:
    """The new groups' vectors times all of the build's, by the library alone."""

    def __init__(self, index: "Index") -> None:
        self._columns = index_build.vectors_of(index).T.tocsr()

    def of(self, segment: "Segment") -> None:
        import numpy as np
        from scipy import sparse
        from sparse_dot_topn import sp_matmul_topn

        from recommendations.engine.neighbours import NeighbourParameters

        fresh, parameters = segment.vectors, NeighbourParameters()
        arrays = (fresh.values, fresh.keys.astype(np.int32), fresh.indptr.astype(np.int32))
        rows = sparse.csr_matrix(arrays, shape=(len(fresh), self._columns.shape[0]))
        sp_matmul_topn(rows, self._columns, top_n=parameters.k, threshold=parameters.floor, n_threads=1)
