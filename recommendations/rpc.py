"""The gRPC door: the same answers as ``views.py``, from the same use cases."""

from typing import Any

import grpc
from google.protobuf.json_format import ParseDict

from protos.recommendations.v1 import recommendations_pb2 as messages
from protos.recommendations.v1.recommendations_pb2_grpc import add_RecommendationServiceServicer_to_server
from recommendations import services
from recommendations.answers import Explanation
from recommendations.queries import checked_strategy
from recommendations.shown import told
from recommendations.wire import evidence_of, product_of, ranking_bytes
from sdr.accounts.callers import Access
from sdr.accounts.models import Scope
from sdr.exceptions import InvalidInput
from sdr.rpc.services import Service

_METHODS = ("GetRecommendations", "GetUserRecommendations", "GetTrendingProducts", "ExplainRecommendation")


def _is_light(request: messages.GetRecommendationsRequest) -> bool:
    """Tell a page for nobody in particular: it takes nothing of Redis.

    Evidence takes long, and so does a filter that few products pass: the whole catalogue is looked through for them.
    """
    is_filtered = request.HasField("category") or request.HasField("min_price") or request.HasField("max_price")
    return not (is_filtered or request.HasField("user_id") or request.HasField("session_id") or request.evidence)


class RecommendationService(Service):
    service_name = messages.DESCRIPTOR.services_by_name["RecommendationService"].full_name
    add_to_server = staticmethod(add_RecommendationServiceServicer_to_server)
    required_scopes = dict.fromkeys(_METHODS, Scope.RECOMMENDATIONS_READ)
    answers_bytes = frozenset({"GetRecommendations", "GetUserRecommendations"})
    computes = {"GetRecommendations": _is_light, "GetUserRecommendations": lambda _request: False}
    needs = frozenset({"index"})

    def GetRecommendations(self, request: messages.GetRecommendationsRequest, context: grpc.ServicerContext) -> bytes:  # noqa: N802  the proto's name
        query = _product_query(request, self.caller)
        return ranking_bytes(told(query.tenant, services.recommend_for_product(query)))

    def GetUserRecommendations(  # noqa: N802
        self, request: messages.GetUserRecommendationsRequest, context: grpc.ServicerContext
    ) -> bytes:
        asked = _asked(request) | {"user_id": request.user_id}
        query = services.UserQuery(self.caller.tenant, self.caller.tenant_id, **asked)
        return ranking_bytes(told(query.tenant, services.recommend_for_user(query)))

    def GetTrendingProducts(  # noqa: N802
        self, request: messages.GetTrendingProductsRequest, context: grpc.ServicerContext
    ) -> messages.GetTrendingProductsResponse:
        query = services.TrendingQuery(self.caller.tenant, self.caller.tenant_id, **_asked(request))
        return messages.GetTrendingProductsResponse(
            trending=[
                messages.TrendingProduct(product=product_of(item.card), score=item.score, rising=item.rising)
                for item in services.trending_products(query)
            ]
        )

    def ExplainRecommendation(  # noqa: N802
        self, request: messages.ExplainRecommendationRequest, context: grpc.ServicerContext
    ) -> messages.ExplainRecommendationResponse:
        named_by = request.WhichOneof("candidate")
        if named_by is None:
            raise InvalidInput("candidate", "Say which product to explain.")
        query = _product_query(request.list, self.caller)
        return _explanation(services.explain(query, **{named_by: getattr(request, named_by)}))


def _product_query(request: messages.GetRecommendationsRequest, caller: Access) -> services.ProductQuery:
    asked = _asked(request)
    if "product_id" not in asked and "sku" not in asked:
        raise InvalidInput("product", "Name it by product_id or by sku.")
    if "strategy" in asked:
        asked["strategy"] = checked_strategy(asked["strategy"])
    return services.ProductQuery(caller.tenant, caller.tenant_id, **asked)


def _asked(request: Any) -> dict[str, Any]:
    """Return what a request says, by name: the queries' fields have the names of the proto's, and its defaults."""
    asked = {field.name: value for field, value in request.ListFields()}
    if "exclude" in asked:
        asked["exclude"] = tuple(asked["exclude"])
    return asked


def _explanation(found: Explanation) -> messages.ExplainRecommendationResponse:
    return messages.ExplainRecommendationResponse(
        product=product_of(found.product),
        candidate=product_of(found.candidate),
        position=found.position,
        score=found.score,
        reason=found.reason,
        reason_code=found.reason_code,
        evidence=evidence_of(found.evidence) if found.evidence else None,
        dropped=ParseDict(found.dropped, messages.Dropped()) if found.dropped else None,
        index_version=found.index_version,
        degraded=found.degraded,
    )
