"""The gRPC door: the same answers as ``views.py``, from the same use cases."""

from typing import Any

import grpc
import orjson

from protos.catalog.v1.catalog_pb2 import Product
from protos.recommendations.v1 import recommendations_pb2 as messages
from protos.recommendations.v1.recommendations_pb2_grpc import add_RecommendationServiceServicer_to_server
from recommendations import services
from sdr.accounts.models import Scope
from sdr.exceptions import InvalidInput
from sdr.rpc.services import Service


class RecommendationService(Service):
    service_name = messages.DESCRIPTOR.services_by_name["RecommendationService"].full_name
    add_to_server = staticmethod(add_RecommendationServiceServicer_to_server)
    required_scopes = {"GetRecommendations": Scope.RECOMMENDATIONS_READ}

    def GetRecommendations(  # noqa: N802  the proto's name
        self, request: messages.GetRecommendationsRequest, context: grpc.ServicerContext
    ) -> messages.GetRecommendationsResponse:
        caller = self.caller
        query = services.ProductQuery(tenant=caller.tenant, tenant_id=caller.tenant_id, **_arguments(request))
        return _response(services.recommend_for_product(query))


def _arguments(request: messages.GetRecommendationsRequest) -> dict[str, Any]:
    """Return what the request says; what it leaves out has the query's default."""
    named_by = request.WhichOneof("product")
    if named_by is None:
        raise InvalidInput("product", "one of product_id and sku is required")
    fields = [named_by, *(["limit"] if request.HasField("limit") else [])]
    return {field: getattr(request, field) for field in fields}


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
    )
