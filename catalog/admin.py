"""The merchandiser's side of the catalogue."""

from typing import Any

from django.contrib import admin
from django.contrib.postgres.search import SearchQuery
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.template.defaultfilters import pluralize
from django.template.loader import render_to_string
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.paginator import InfinitePaginator

from catalog import services
from catalog.admin_import import ImportingAdmin
from catalog.forms import PriceListForm, ProductForm
from catalog.models import Category, Product, ProductChange
from catalog.paths import PATH_SEPARATOR
from sdr.accounts.tenancy import OwnTenantAdmin, limited_to_own

FLAGS: dict[str, tuple[str, dict[str, bool]]] = {
    "activate": ("Activate", {"is_active": True}),
    "deactivate": ("Deactivate: shoppers do not see them", {"is_active": False}),
    "put_in_stock": ("Mark as in stock", {"in_stock": True}),
    "put_out_of_stock": ("Mark as out of stock", {"in_stock": False}),
}


def _flag_action(name: str, description: str, flags: dict[str, bool]) -> Any:
    @admin.action(description=description, permissions=["change"])
    def action(model_admin: Any, request: HttpRequest, products: QuerySet[Product]) -> None:
        n_changed, n = services.set_flags(products, **flags), products.count()
        counted = f"{n} product{pluralize(n)}"
        model_admin.message_user(request, f"{n_changed} of {counted} changed.")

    action.__name__ = name
    return action


class DeletedFilter(admin.SimpleListFilter):
    """Deletion is soft: the deleted ones are a click away, and not in the way."""

    title = "deleted"
    parameter_name = "deleted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Deleted products")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        return queryset.exclude(deleted_at=None) if self.value() == "yes" else queryset.filter(deleted_at=None)


class CategoryFilter(AutocompleteSelectFilter):
    """Products of the category and of everything below it: most stand on the leaves."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product] | None:
        chosen = str(self.value() or "")
        category = Category.objects.filter(pk=chosen).first() if chosen.isdecimal() else None
        if category is None:
            return super().queryset(request, queryset)
        return queryset.filter(category__in=category.with_descendants())


@admin.register(Product)
class ProductAdmin(ImportingAdmin, OwnTenantAdmin):
    form = ProductForm
    list_display = ("thumbnail", "name", "sku", "category", "price", "in_stock", "is_active", "updated_at")
    list_display_links = ("name",)
    list_editable = ("price", "in_stock", "is_active")
    list_filter = (("category", CategoryFilter), "in_stock", "is_active", "tenant", DeletedFilter)
    list_filter_submit = True
    list_select_related = ("category",)
    list_per_page = 50
    search_fields = ("sku", "name")
    search_help_text = "Part of a SKU or of a name, or words of name, tags and description"
    ordering = ("-id",)
    autocomplete_fields = ("category",)
    actions = (*(_flag_action(name, *action) for name, action in FLAGS.items()), "restore")
    # Counting a hundred thousand rows for a page number costs more than the page.
    paginator = InfinitePaginator
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        return limited_to_own(Product.all_objects.order_by(*self.ordering), request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Product], search_term: str
    ) -> tuple[QuerySet[Product], bool]:
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        if not search_term.strip():
            return found, may_repeat
        words = SearchQuery(search_term, config="english", search_type="websearch")
        return found | queryset.filter(search_vector=words), may_repeat

    @admin.display(description="")
    def thumbnail(self, product: Product) -> str:
        """Show the image, or an empty frame that keeps the rows in line."""
        return render_to_string("catalog/thumbnail.html", {"url": product.image_url})

    def get_readonly_fields(self, request: HttpRequest, obj: Product | None = None) -> tuple[str, ...]:
        return ("tenant", "revision", "created_at", "updated_at", "deleted_at") if obj else ()

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        return super().get_changelist_form(request, **kwargs | {"form": PriceListForm})

    def delete_model(self, request: HttpRequest, obj: Product) -> None:
        services.delete_products(Product.all_objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        services.delete_products(queryset)

    @admin.action(description="Restore deleted products", permissions=["change"])
    def restore(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        n_restored = services.restore_products(queryset)
        self.message_user(request, f"{n_restored} product{pluralize(n_restored, ' is,s are')} back.")


@admin.register(Category)
class CategoryAdmin(OwnTenantAdmin):
    list_display = ("indented_name", "path", "slug", "n_products")
    list_filter = ("tenant",)
    search_fields = ("name", "path", "slug")
    ordering = ("path",)
    autocomplete_fields = ("parent",)
    list_per_page = 100
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # One small count per row of the page; a join would count the whole catalogue first.
        products = Product.objects.filter(category=OuterRef("pk")).order_by().values("category")
        n_products = Subquery(products.annotate(n_products=Count("pk")).values("n_products"), IntegerField())
        return super().get_queryset(request).annotate(n_products=Coalesce(n_products, 0))

    def get_readonly_fields(self, request: HttpRequest, obj: Category | None = None) -> tuple[str, ...]:
        return ("tenant",) if obj else ()

    @admin.display(description="name", ordering="path")
    def indented_name(self, category: Category) -> str:
        return "\u2003" * category.path.count(PATH_SEPARATOR) + category.name

    @admin.display(description="products")
    def n_products(self, category: Any) -> int:
        return category.n_products


@admin.register(ProductChange)
class ProductChangeAdmin(OwnTenantAdmin):
    """The change log is the database's own: nobody adds to it or takes away."""

    list_display = ("product_id", "revision", "is_deleted", "changed_at", "transaction_id")
    list_filter = ("is_deleted",)
    search_fields = ("=product_id",)
    paginator = InfinitePaginator
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: ProductChange | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ProductChange | None = None) -> bool:
        return False
