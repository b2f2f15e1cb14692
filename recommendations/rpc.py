"""The gRPC door: the same answers as ``views.py``, from the same use cases."""

from typing import Any

import grpc
import orjson
from google.protobuf.json_format import ParseDict

from protos.catalog.v1.catalog_pb2 import Product
from protos.recommendations.v1 import recommendations_pb2 as messages
from protos.recommendations.v1.recommendations_pb2_grpc import add_RecommendationServiceServicer_to_server
from recommendations import services
from recommendations.limits import checked_limit
from sdr.accounts.access import Access
from sdr.accounts.models import Scope
from sdr.exceptions import InvalidInput
from sdr.rpc.services import Service


class RecommendationService(Service):
    service_name = messages.DESCRIPTOR.services_by_name["RecommendationService"].full_name
    add_to_server = staticmethod(add_RecommendationServiceServicer_to_server)
    required_scopes = {"GetRecommendations": Scope.RECOMMENDATIONS_READ}
    needs = frozenset({"index"})

    def GetRecommendations(  # noqa: N802  the proto's name
        self, request: messages.GetRecommendationsRequest, context: grpc.ServicerContext
    ) -> messages.GetRecommendationsResponse:
        return _response(services.recommend_for_product(_query(request, self.caller)))


def _query(request: messages.GetRecommendationsRequest, caller: Access) -> services.ProductQuery:
    named_by = request.WhichOneof("product")
    if named_by is None:
        raise InvalidInput("product", "Name it by product_id or by sku.")
    return services.ProductQuery(
        tenant=caller.tenant,
        tenant_id=caller.tenant_id,
        product_id=request.product_id if named_by == "product_id" else None,
        sku=request.sku if named_by == "sku" else None,
        limit=checked_limit(_optional(request, "limit")),
        user_id=_optional(request, "user_id"),
        session_id=_optional(request, "session_id"),
        exclude=tuple(request.exclude),
        category=_optional(request, "category"),
        min_price=_optional(request, "min_price"),
        max_price=_optional(request, "max_price"),
        in_stock=_optional(request, "in_stock"),
        evidence=request.evidence,
    )


def _optional(request: messages.GetRecommendationsRequest, field: str) -> Any:
    return getattr(request, field) if request.HasField(field) else None


def _response(answer: services.Recommendations) -> messages.GetRecommendationsResponse:
    return messages.GetRecommendationsResponse(
        recommendations=[_recommendation(item) for item in answer.items],
        recommendation_id=answer.recommendation_id,
        index_version=answer.index_version,
        degraded=answer.degraded,
    )


def _recommendation(item: services.Recommendation) -> messages.Recommendation:
    return messages.Recommendation(
        # A card has the fields of the message, by the same names; null leaves a field absent.
        product=Product(**orjson.loads(item.card)),
        score=item.score,
        reason=item.reason,
        reason_code=item.reason_code,
        # Its JSON has the names of the message.
        evidence=ParseDict(item.evidence, messages.Evidence()) if item.evidence else None,
    )
