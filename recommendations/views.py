"""REST's way out: what to show."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.documentation import CARD
from catalog.serializers import ProductSerializer
from recommendations import services
from recommendations.body import explanation_body, recommendations_body, trending_body
from recommendations.engine.explain import LIST_CODES, OTHER_RULES, Stage
from recommendations.engine.filters import Rule
from recommendations.engine.reasons import ReasonCode
from recommendations.parameters import BESIDE, CANDIDATE, CONDITIONS, FOR_USER
from recommendations.parsing import parsed_candidate, parsed_conditions
from recommendations.queries import checked_strategy
from recommendations.shown import told
from sdr.accounts.authentication import access_of
from sdr.accounts.models import Scope
from sdr.quick import QuickReads


class SharedTextSerializer(serializers.Serializer[Any]):
    text = serializers.CharField()
    contribution = serializers.FloatField(help_text="What this term adds to the cosine.")


class BecauseSerializer(serializers.Serializer[Any]):
    product_id = serializers.IntegerField()
    name = serializers.CharField()
    position = serializers.IntegerField(help_text="Steps back in the recent products; 0 is the newest.")
    cosine = serializers.FloatField()
    value = serializers.FloatField(help_text="What the steps back leave of the cosine.")


class LeadSerializer(serializers.Serializer[Any]):
    product_id = serializers.IntegerField()
    name = serializers.CharField()
    position = serializers.IntegerField(
        help_text="Steps back; 0 is the page's product, or the newest on a user's page."
    )
    times = serializers.IntegerField(help_text="How often shoppers went that way.")
    share = serializers.FloatField(help_text="What that is, decayed, of the list's surest follower.")
    value = serializers.FloatField(help_text="What it adds to the part's value.")


class TermPartSerializer(serializers.Serializer[Any]):
    term = serializers.ChoiceField(choices=["clicks", "rating", "recent", "preference", *LIST_CODES])
    weight = serializers.FloatField(help_text="Of the whole score.")
    value = serializers.FloatField(min_value=0, max_value=1)
    contribution = serializers.FloatField()
    facts = serializers.DictField(child=serializers.FloatField(), required=False)
    because = BecauseSerializer(many=True, required=False)
    lists = LeadSerializer(many=True, required=False)


class TermSerializer(serializers.Serializer[Any]):
    term = serializers.ChoiceField(choices=["content", "trend", "behaviour", "sequence"])
    weight = serializers.FloatField(help_text="Of the whole score.")
    value = serializers.FloatField(min_value=0, max_value=1)
    contribution = serializers.FloatField(help_text="Weight times value. All terms add up to the score.")
    shared = SharedTextSerializer(many=True, required=False)
    parts = TermPartSerializer(many=True, required=False)


class EvidenceSerializer(serializers.Serializer[Any]):
    terms = TermSerializer(many=True)


class RecommendationSerializer(serializers.Serializer[Any]):
    """Shapes for the documentation; answers are put together from ready-made cards."""

    product = ProductSerializer()
    score = serializers.FloatField(min_value=0, max_value=1)
    reason = serializers.CharField()
    reason_code = serializers.ChoiceField(choices=[code.value for code in ReasonCode])
    evidence = EvidenceSerializer(
        required=False, allow_null=True, help_text="With evidence=1; null where a fallback fills the list."
    )


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Answer",
            {
                "recommendations": [
                    {
                        "product": CARD,
                        "score": 0.85,
                        "reason": "Similar to your viewed product",
                        "reason_code": "similar",
                    }
                ],
                "recommendation_id": "018f3b2c6d7e7c3a9b1d2e3f4a5b6c7d",
                "index_version": "20261123T100000-1a2b3c",
                "degraded": [],
            },
            response_only=True,
        )
    ]
)
class RecommendationsSerializer(serializers.Serializer[Any]):
    recommendations = RecommendationSerializer(many=True)
    recommendation_id = serializers.CharField()
    index_version = serializers.CharField()
    degraded = serializers.ListField(child=serializers.CharField(), help_text="What this answer had to do without.")


class TrendingProductSerializer(serializers.Serializer[Any]):
    product = ProductSerializer()
    score = serializers.FloatField(min_value=0, max_value=1)
    rising = serializers.FloatField(help_text="The last hour's rate over the week's; 1 is steady.")


@extend_schema_serializer(
    examples=[
        OpenApiExample("Answer", {"trending": [{"product": CARD, "score": 0.9, "rising": 3.2}]}, response_only=True)
    ]
)
class TrendingSerializer(serializers.Serializer[Any]):
    trending = TrendingProductSerializer(many=True)


class DroppedSerializer(serializers.Serializer[Any]):
    stage = serializers.ChoiceField(choices=[stage.value for stage in Stage])
    rule = serializers.ChoiceField(choices=[*(rule.value for rule in Rule), *OTHER_RULES])
    shown_product_id = serializers.IntegerField(allow_null=True, help_text="The variant that stands there for it.")
    score_to_beat = serializers.FloatField(allow_null=True, help_text="Of the last place, or of that variant.")


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Kept out",
            {
                "product": CARD,
                "candidate": CARD | {"id": 13, "sku": "KNF-2", "in_stock": False},
                "position": None,
                "score": 0.61,
                "reason": None,
                "reason_code": None,
                "evidence": None,
                "dropped": {
                    "stage": "filter",
                    "rule": "out_of_stock",
                    "shown_product_id": None,
                    "score_to_beat": None,
                },
                "index_version": "20261123T100000-1a2b3c",
                "degraded": [],
            },
            response_only=True,
        )
    ]
)
class ExplanationSerializer(serializers.Serializer[Any]):
    product = ProductSerializer()
    candidate = ProductSerializer()
    position = serializers.IntegerField(allow_null=True, help_text="From 1; null where it is not in the list.")
    score = serializers.FloatField(min_value=0, max_value=1, help_text="At that place, or what it would be.")
    reason = serializers.CharField(allow_null=True)
    reason_code = serializers.ChoiceField(choices=[code.value for code in ReasonCode], allow_null=True)
    evidence = EvidenceSerializer(allow_null=True, help_text="Null where a fallback fills the list.")
    dropped = DroppedSerializer(allow_null=True, help_text="Where it is not in the list: why.")
    index_version = serializers.CharField()
    degraded = serializers.ListField(child=serializers.CharField())


@extend_schema_view(get=extend_schema(parameters=BESIDE, responses=RecommendationsSerializer))
class ProductRecommendationsView(QuickReads):
    """What to show beside a product: products that read alike, what is hot around it, what the shopper leans to."""

    required_scope = Scope.RECOMMENDATIONS_READ

    def read(self, request: Request, product_id: int | None = None, sku: str | None = None) -> dict[str, Any]:
        query = _product_query(request, product_id, sku)
        return recommendations_body(told(query.tenant, services.recommend_for_product(query)))


class ExplainView(APIView):
    """Where a candidate stands beside a product, and every term of its score; or the rule that keeps it out.

    Ask with the parameters of the list that is to be explained.
    """

    required_scope = Scope.RECOMMENDATIONS_READ

    @extend_schema(parameters=[*CANDIDATE, *BESIDE], responses=ExplanationSerializer)
    def get(self, request: Request, product_id: int | None = None, sku: str | None = None) -> Response:
        candidate = parsed_candidate(request.query_params)
        query = _product_query(request, product_id, sku)
        return Response(explanation_body(services.explain(query, *candidate)))


@extend_schema_view(get=extend_schema(parameters=FOR_USER, responses=RecommendationsSerializer))
class UserRecommendationsView(QuickReads):
    """What to show to a user wherever they are; of a stranger, what the whole shop likes."""

    required_scope = Scope.RECOMMENDATIONS_READ

    def read(self, request: Request, external_id: str) -> dict[str, Any]:
        access = access_of(request)
        conditions = parsed_conditions(request.query_params) | {"user_id": external_id}
        query = services.UserQuery(access.tenant, access.tenant_id, **conditions)
        return recommendations_body(told(query.tenant, services.recommend_for_user(query)))


@extend_schema_view(get=extend_schema(parameters=CONDITIONS, responses=TrendingSerializer))
class TrendingView(QuickReads):
    """What is hot now, and how much hotter than its week."""

    required_scope = Scope.RECOMMENDATIONS_READ

    def read(self, request: Request) -> dict[str, Any]:
        access = access_of(request)
        query = services.TrendingQuery(access.tenant, access.tenant_id, **parsed_conditions(request.query_params))
        return trending_body(services.trending_products(query))


def _product_query(request: Request, product_id: int | None, sku: str | None) -> services.ProductQuery:
    access, conditions = access_of(request), parsed_conditions(request.query_params)
    strategy = checked_strategy(request.query_params.get("strategy") or None)
    return services.ProductQuery(access.tenant, access.tenant_id, product_id, sku, strategy, **conditions)
