"""Guards that count. Nothing here looks at a clock, so nothing here depends on how busy the machine is."""

import pytest

from catalog.rows import ProductRow, completed
from recommendations.evaluation.shop import OfflineShop, make_shop
from tests.integration.conftest import _publisher_ends_with_the_run  # noqa: F401  fixture

# Products of one cluster read alike; what another cluster says is said in other words.
CLUSTER = 100


@pytest.fixture(scope="session")
def shop_of():
    """Make an index of ``n`` products, each of which has the same neighbours however many others there are."""
    made: dict[int, OfflineShop] = {}

    def shop_of(n: int) -> OfflineShop:
        if n not in made:
            made[n] = make_shop(_rows(n))
        return made[n]

    return shop_of


def _rows(n: int) -> list[ProductRow]:
    return [
        completed(
            ProductRow(
                sku=f"p{number}",
                name=f"own{number}",
                category=f"Shelf{number // CLUSTER}",
                description=" ".join(f"word{number // CLUSTER}x{word}" for word in range(3 + number % CLUSTER // 10)),
                variant_group=None,
                rating=4.0 if number % 3 else None,
            )
        )
        for number in range(n)
    ]
