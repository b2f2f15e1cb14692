"""From one request to its response, which may be an error but always comes."""

from typing import Any

import structlog

from events.tenants import TenantDirectory
from recommendations import services
from recommendations.answering.messages import Request, checked, decode, encode
from recommendations.body import recommendations_body
from recommendations.queries import checked_strategy
from recommendations.shown import told
from sdr.errors import error_body, exception_handler
from sdr.exceptions import InvalidInput

log = structlog.get_logger(__name__)

# Brokers take a megabyte unless they are told otherwise.
MAX_BYTES = 900_000


def answer(value: bytes | None, tenants: TenantDirectory) -> tuple[str, bytes]:
    """Return the request's id and the response to it; raises Unanswerable."""
    request_id, raw = decode(value)
    response = encode(request_id, _body(raw, tenants))
    if len(response) > MAX_BYTES:
        response = encode(request_id, error_body("too_large", "The answer is too large for a message: ask for fewer."))
    return request_id, response


def _body(raw: dict[str, Any], tenants: TenantDirectory) -> dict[str, Any]:
    try:
        return _recommendations(checked(raw), tenants)
    except Exception as error:  # noqa: BLE001  one request's trouble is not that of those behind it
        return _error_body(error)


def _recommendations(request: Request, tenants: TenantDirectory) -> dict[str, Any]:
    conditions, ids = request.conditions(), tenants.ids()
    if request.tenant not in ids:
        raise InvalidInput("tenant", f"There is no tenant {request.tenant!r}.")
    tenant, tenant_id = request.tenant, ids[request.tenant]
    if request.product_id is None and request.sku is None:
        found = services.recommend_for_user(services.UserQuery(tenant, tenant_id, **conditions))
    else:
        sku = request.sku if request.product_id is None else None
        strategy = checked_strategy(request.strategy)
        query = services.ProductQuery(tenant, tenant_id, request.product_id, sku, strategy, **conditions)
        found = services.recommend_for_product(query)
    return recommendations_body(told(tenant, found))


def _error_body(error: Exception) -> dict[str, Any]:
    """Return what REST would say."""
    response = exception_handler(error, {})
    if response is not None:
        return dict(response.data)
    log.error("request not answered", exc_info=error)
    return error_body("error", "Something went wrong on our side.")
