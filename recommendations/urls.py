from django.urls import path

from recommendations.views import ProductRecommendationsView, TrendingView

urlpatterns = [
    path("recommendations/by-sku/<path:sku>", ProductRecommendationsView.as_view(), name="recommendations-by-sku"),
    path("recommendations/<int:product_id>", ProductRecommendationsView.as_view(), name="recommendations"),
    path("trending", TrendingView.as_view(), name="trending"),
]
