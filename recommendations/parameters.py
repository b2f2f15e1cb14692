"""The query parameters of the REST door, for its documentation."""

from drf_spectacular.utils import OpenApiParameter

from recommendations.engine.strategies import Strategy
from recommendations.limits import DEFAULT_LIMIT, MAX_LIMIT, MIN_LIMIT
from recommendations.queries import MAX_EXCLUDED

_SESSION = OpenApiParameter("session_id", str, description="The shop's own id of the session; it may be anonymous.")

_PRICE = {"type": "number", "format": "double", "minimum": 0}
_FILTERS = [
    OpenApiParameter(
        "limit",
        {"type": "integer", "minimum": MIN_LIMIT, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
        description="How many at most.",
    ),
    OpenApiParameter(
        "exclude",
        str,
        description="Ids of products not to show, nor their variants: with commas between them, repeated, or both; "
        f"at most {MAX_EXCLUDED}.",
    ),
    OpenApiParameter(
        "category", str, description="A slug, a path or a name, with everything below it; an unknown one is refused."
    ),
    OpenApiParameter("min_price", _PRICE, description="Inclusive. An unknown price fails."),
    OpenApiParameter("max_price", _PRICE, description="Inclusive. An unknown price fails."),
    OpenApiParameter(
        "in_stock",
        bool,
        description="true: only what is in stock; false: the rest, too; missing: as the scoring profile says.",
    ),
    OpenApiParameter("evidence", bool, description="true: each recommendation with the terms of its score."),
]
FOR_USER = [_SESSION, *_FILTERS]
CONDITIONS = [
    OpenApiParameter(
        "user_id",
        str,
        description="The shop's own id of the shopper: what they like, hide, have bought and looked at counts.",
    ),
    *FOR_USER,
]
BESIDE = [
    OpenApiParameter(
        "strategy",
        str,
        enum=list(Strategy),
        default=Strategy.HYBRID,
        description="What the list goes by: all signals together, or one of them alone. Each fills up to the limit.",
    ),
    *CONDITIONS,
]
CANDIDATE = [
    OpenApiParameter("candidate", int, description="The id of the product to explain."),
    OpenApiParameter("candidate_sku", str, description="Its SKU, where no id is given."),
]
