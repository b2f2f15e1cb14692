from django.urls import path

from catalog.views import BulkView, CategoriesView, ProductByIdView, ProductBySkuView, ProductsView

urlpatterns = [
    path("products", ProductsView.as_view(), name="products"),
    path("products/bulk", BulkView.as_view(), name="products-bulk"),
    path("products/<int:product_id>", ProductByIdView.as_view(), name="product"),
    path("products/by-sku/<path:sku>", ProductBySkuView.as_view(), name="product-by-sku"),
    path("categories", CategoriesView.as_view(), name="categories"),
]
