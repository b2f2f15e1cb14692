"""Some products with what is shown beside them, to read as a shopper would."""

from collections.abc import Iterator, Sequence

import numpy as np
import orjson

from recommendations.engine.filters import Filter, Rule
from recommendations.engine.hotness import Hotness
from recommendations.engine.ladder import Ranked
from recommendations.engine.pages import Shop, beside_product
from recommendations.engine.reasons import sentence
from recommendations.engine.weights import ScoringWeights
from recommendations.evidence import name_of
from recommendations.index.index import Index

N_RECOMMENDATIONS = 5


def spread(index: Index, n: int) -> list[int]:
    """Return ``n`` rows of products on sale that stand evenly over the catalogue in the order of SKUs."""
    rows = np.flatnonzero(index.catalogue.is_active & index.catalogue.in_stock).tolist()
    rows.sort(key=lambda row: orjson.loads(index.card(row))["sku"])
    return [rows[(2 * place + 1) * len(rows) // (2 * n)] for place in range(min(n, len(rows)))]


def page_of(index: Index, weights: ScoringWeights, rows: Sequence[int]) -> Iterator[str]:
    """Yield the lines of a Markdown page: each product with its recommendations while nothing is hot."""
    shop = Shop(index.catalogue, index.similarity, Hotness.cold(index.catalogue), weights)
    for row in rows:
        filtering = Filter({Rule.ITSELF: {index.catalogue.groups.item(row)}}, weights.hide_out_of_stock)
        card = orjson.loads(index.card(row))
        yield f"## {card['name']}"
        yield ""
        yield f"`{card['sku']}` · {card['category_path']}"
        yield ""
        yield "| recommended | category | score | reason |"
        yield "|---|---|---|---|"
        for place in beside_product(shop, row, filtering, N_RECOMMENDATIONS, now_seconds=0.0):
            yield _line(index, place)
        yield ""


def _line(index: Index, place: Ranked) -> str:
    category = index.category_of(place.row).name
    cells = name_of(index, place.row), category, f"{place.score:.2f}", sentence(place.reason_code, category)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
