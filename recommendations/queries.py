"""What may be asked: the same questions at every door, checked in one place."""

import math
from dataclasses import dataclass

from recommendations.engine.strategies import Strategy
from recommendations.limits import DEFAULT_LIMIT, checked_limit
from sdr.exceptions import InvalidInput

MAX_EXCLUDED = 1000
MAX_ID = 2**53
_MAX_NAME_LENGTH = 200
_MAX_CATEGORY_LENGTH = 600


# None of these is frozen: they are made once per request, and that would take three times as long.
@dataclass(slots=True, kw_only=True)
class Conditions:
    """What every list may be asked for. Raises InvalidInput, which names the field.

    ``user_id`` and ``session_id``: whom it is for, by the shop's own ids. ``exclude``: product ids. ``category``: a
    slug, a path or a name. Prices are inclusive. ``in_stock``: True, only what is; False, the rest too; None, as the
    tenant's profile says.
    """

    limit: int = DEFAULT_LIMIT
    user_id: str | None = None
    session_id: str | None = None
    exclude: tuple[int, ...] = ()
    category: str | None = None
    min_price: float | None = None
    max_price: float | None = None
    in_stock: bool | None = None
    evidence: bool = False

    def __post_init__(self) -> None:
        checked_limit(self.limit)
        if self.user_id is not None:
            _check_length("user_id", self.user_id, _MAX_NAME_LENGTH)
        if self.session_id is not None:
            _check_length("session_id", self.session_id, _MAX_NAME_LENGTH)
        if self.category is not None:
            _check_length("category", self.category, _MAX_CATEGORY_LENGTH)
        if self.exclude:
            self._check_exclude()
        if self.min_price is not None or self.max_price is not None:
            self._check_prices()

    def _check_exclude(self) -> None:
        if len(self.exclude) > MAX_EXCLUDED:
            raise InvalidInput("exclude", f"At most {MAX_EXCLUDED} products can be excluded.")
        if any(not 0 < product_id <= MAX_ID for product_id in self.exclude):
            raise InvalidInput("exclude", "A product's id is a positive whole number.")

    def _check_prices(self) -> None:
        for field, price in (("min_price", self.min_price), ("max_price", self.max_price)):
            if price is not None and not 0 <= price < math.inf:
                raise InvalidInput(field, "It must be a number, and not less than 0.")
        if self.min_price is not None and self.max_price is not None and self.min_price > self.max_price:
            raise InvalidInput("max_price", "It must not be less than min_price.")


@dataclass(slots=True)
class ProductQuery(Conditions):
    """What to show beside a product, which is named by its id or by its SKU, and by what."""

    tenant: str
    tenant_id: int
    product_id: int | None = None
    sku: str | None = None
    strategy: Strategy = Strategy.HYBRID


@dataclass(slots=True)
class UserQuery(Conditions):
    """What to show to a user wherever they are: ``user_id`` is required, a session may add to it."""

    tenant: str
    tenant_id: int

    def __post_init__(self) -> None:
        Conditions.__post_init__(self)
        if self.user_id is None and self.session_id is None:
            raise InvalidInput("user_id", "Say for whom.")


@dataclass(slots=True)
class TrendingQuery(Conditions):
    """What is hot."""

    tenant: str
    tenant_id: int


def _check_length(field: str, text: str, longest: int) -> None:
    if not 1 <= len(text) <= longest:
        raise InvalidInput(field, f"It must have 1 to {longest} characters.")


def checked_strategy(name: str | None) -> Strategy:
    """Return the strategy of that name, ``hybrid`` for none; raises InvalidInput."""
    if name is None:
        return Strategy.HYBRID
    try:
        return Strategy(name)
    except ValueError as error:
        raise InvalidInput("strategy", f"It must be one of {', '.join(Strategy)}.") from error
