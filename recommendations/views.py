"""REST's way out: what to show."""

from typing import Any

import orjson
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.serializers import ProductSerializer
from recommendations import services
from recommendations.body import recommendations_body
from recommendations.engine.reasons import ReasonCode
from recommendations.limits import DEFAULT_LIMIT, MAX_LIMIT, checked_limit
from sdr.accounts.authentication import access_of
from sdr.accounts.models import Scope

LIMIT = OpenApiParameter("limit", int, description=f"1–{MAX_LIMIT}, {DEFAULT_LIMIT} if missing")


class RecommendationSerializer(serializers.Serializer[Any]):
    """Shapes for the documentation; answers are put together from ready-made cards."""

    product = ProductSerializer()
    score = serializers.FloatField(min_value=0, max_value=1)
    reason = serializers.CharField()
    reason_code = serializers.ChoiceField(choices=[code.value for code in ReasonCode])


class RecommendationsSerializer(serializers.Serializer[Any]):
    recommendations = RecommendationSerializer(many=True)
    recommendation_id = serializers.CharField()
    index_version = serializers.CharField()
    degraded = serializers.ListField(child=serializers.CharField(), help_text="What this answer had to do without.")


class TrendingProductSerializer(serializers.Serializer[Any]):
    product = ProductSerializer()
    score = serializers.FloatField(min_value=0, max_value=1)
    rising = serializers.FloatField(help_text="The last hour's rate over the week's; 1 is steady.")


class TrendingSerializer(serializers.Serializer[Any]):
    trending = TrendingProductSerializer(many=True)


class ProductRecommendationsView(APIView):
    """What to show beside a product: products that read alike, and what is hot in its category."""

    required_scope = Scope.RECOMMENDATIONS_READ

    @extend_schema(parameters=[LIMIT], responses=RecommendationsSerializer)
    def get(self, request: Request, product_id: int | None = None, sku: str | None = None) -> Response:
        query = services.ProductQuery(
            tenant=access_of(request).tenant,
            tenant_id=access_of(request).tenant_id,
            product_id=product_id,
            sku=sku,
            limit=checked_limit(request.query_params.get("limit")),
        )
        return Response(recommendations_body(services.recommend_for_product(query)))


class TrendingView(APIView):
    """What is hot now, and how much hotter than its week."""

    required_scope = Scope.RECOMMENDATIONS_READ

    @extend_schema(
        parameters=[LIMIT, OpenApiParameter("category", str, description="A slug, a path or a name.")],
        responses=TrendingSerializer,
    )
    def get(self, request: Request) -> Response:
        query = services.TrendingQuery(
            tenant=access_of(request).tenant,
            category=request.query_params.get("category") or None,
            limit=checked_limit(request.query_params.get("limit")),
        )
        return Response(
            {
                "trending": [
                    {"product": orjson.Fragment(item.card), "score": item.score, "rising": item.rising}
                    for item in services.trending_products(query)
                ]
            }
        )
