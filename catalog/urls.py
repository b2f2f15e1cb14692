from django.urls import path

from catalog.views import CategoriesView, ProductBySkuView, ProductsView, ProductView

urlpatterns = [
    path("products", ProductsView.as_view(), name="products"),
    path("products/<int:product_id>", ProductView.as_view(), name="product"),
    path("products/by-sku/<path:sku>", ProductBySkuView.as_view(), name="product-by-sku"),
    path("categories", CategoriesView.as_view(), name="categories"),
]
