from django.urls import path

from recommendations.views import ExplainView, ProductRecommendationsView, TrendingView, UserRecommendationsView

urlpatterns = [
    # Before the recommendations by SKU, which may hold slashes.
    path("recommendations/by-sku/<path:sku>/explain", ExplainView.as_view(), name="explain-by-sku"),
    path("recommendations/by-sku/<path:sku>", ProductRecommendationsView.as_view(), name="recommendations-by-sku"),
    path("recommendations/<int:product_id>/explain", ExplainView.as_view(), name="explain"),
    path("recommendations/<int:product_id>", ProductRecommendationsView.as_view(), name="recommendations"),
    path("users/<path:external_id>/recommendations", UserRecommendationsView.as_view(), name="user-recommendations"),
    path("trending", TrendingView.as_view(), name="trending"),
]
