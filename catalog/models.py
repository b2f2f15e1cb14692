"""What is sold: the category tree, the products, and the log of everything that changed."""

from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, URLValidator
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Concat, Now, Substr

from catalog.paths import MAX_NAME_LENGTH, MAX_PATH_LENGTH, MAX_SLUG_LENGTH, PATH_SEPARATOR, free_slug, join_path
from catalog.triggers import PRODUCT_TRIGGERS, TOUCH_PRODUCTS
from sdr.accounts.models import DEFAULT_TENANT_ID, Tenant


class Category(models.Model):
    """A node of the tenant's tree. ``path`` spells the names from the root: "Home > Kitchen > Knives"."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="categories", default=DEFAULT_TENANT_ID)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, related_name="children", null=True, blank=True)
    name = models.CharField(max_length=MAX_NAME_LENGTH)
    slug = models.SlugField(
        max_length=MAX_SLUG_LENGTH, allow_unicode=True, blank=True, help_text="Empty: made from the path."
    )
    path = models.CharField(max_length=MAX_PATH_LENGTH, editable=False)

    class Meta:
        ordering = ("path",)
        verbose_name_plural = "categories"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "path"], name="catalog_category_path_per_tenant"),
            models.UniqueConstraint(fields=["tenant", "slug"], name="catalog_category_slug_per_tenant"),
        ]
        triggers = [TOUCH_PRODUCTS]

    def __str__(self) -> str:
        return self.path

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep ``path`` right, here and below: descendants follow a rename or a move in one UPDATE."""
        old_path, self.path = self.path, self._path_now()
        self.slug = self.slug or free_slug(self.path, self._slugs_of_others())
        super().save(*args, **kwargs)
        if old_path and old_path != self.path:
            self._below(old_path).update(path=Concat(Value(self.path), Substr("path", len(old_path) + 1)))

    def clean(self) -> None:
        """Refuse what would not be a tree: a name that reads as a path, a circle, a second node of the same path."""
        if ">" in self.name:
            raise ValidationError({"name": "A name cannot contain '>', which separates the names of a path."})
        if self.parent and self._is_at_or_below_self(self.parent):
            raise ValidationError({"parent": "A category cannot stand below itself."})
        if self.parent and self.parent.tenant_id != self.tenant_id:
            raise ValidationError({"parent": "The parent belongs to another tenant."})
        if len(self._path_now()) + self._longest_tail() > MAX_PATH_LENGTH:
            raise ValidationError({"name": f"The path would be longer than {MAX_PATH_LENGTH} characters."})
        if self._others().filter(path=self._path_now()).exists():
            raise ValidationError({"name": f"There is a category {self._path_now()} already."})
        if self._others().filter(slug=self.slug).exists():
            raise ValidationError({"slug": "Another category has this slug."})

    def with_descendants(self) -> models.QuerySet["Category"]:
        return Category.objects.filter(at_or_below(self.path), tenant=self.tenant_id)

    def _path_now(self) -> str:
        return join_path([self.parent.path, self.name] if self.parent else [self.name])

    def _others(self) -> models.QuerySet["Category"]:
        return Category.objects.filter(tenant=self.tenant_id).exclude(pk=self.pk)

    def _slugs_of_others(self) -> set[str]:
        return set(self._others().values_list("slug", flat=True))

    def _below(self, path: str) -> models.QuerySet["Category"]:
        return self._others().filter(path__startswith=path + PATH_SEPARATOR)

    def _is_at_or_below_self(self, other: "Category") -> bool:
        return bool(self.pk) and (other.pk == self.pk or self._below(self.path).filter(pk=other.pk).exists())

    def _longest_tail(self) -> int:
        """Return how many characters the deepest descendant's path has beyond this one's."""
        paths = self._below(self.path).values_list("path", flat=True) if self.pk else ()
        return max((len(path) for path in paths), default=len(self.path)) - len(self.path)


def at_or_below(path: str) -> Q:
    """Return the condition for the category of that path and all below it; its tenant is another condition."""
    return Q(path=path) | Q(path__startswith=path + PATH_SEPARATOR)


class AllProducts(models.Manager["Product"]):
    """Every product, deleted or not. The search vector stays in the database: nobody reads it, and it is long."""

    def get_queryset(self) -> models.QuerySet["Product"]:
        return super().get_queryset().defer("search_vector")


class LiveProducts(AllProducts):
    """Products that were not deleted: deletion is soft."""

    def get_queryset(self) -> models.QuerySet["Product"]:
        return super().get_queryset().filter(deleted_at=None)


class Product(models.Model):
    """One thing on sale. ``revision`` and ``updated_at`` are the database's own: a trigger moves them on."""

    tenant = models.ForeignKey(
        Tenant,
        on_delete=models.CASCADE,
        related_name="products",
        default=DEFAULT_TENANT_ID,
        db_index=False,  # the unique (tenant, sku) begins with it
    )
    sku = models.CharField(max_length=100)
    name = models.CharField(max_length=500)
    category = models.ForeignKey(Category, on_delete=models.SET_NULL, related_name="products", null=True, blank=True)
    price = models.DecimalField(
        max_digits=20, decimal_places=8, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    currency = models.CharField(max_length=3, blank=True)
    rating = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(5)],
        help_text="From 0 to 5; empty: unknown",
    )
    rating_count = models.PositiveIntegerField(default=0)
    tags = models.JSONField(default=list, blank=True)
    description = models.TextField(blank=True)
    image_url = models.CharField(max_length=1000, blank=True, validators=[URLValidator(["http", "https"])])
    in_stock = models.BooleanField(default=True)
    is_active = models.BooleanField(default=True)
    variant_group = models.CharField(
        max_length=100, null=True, blank=True, help_text="Colours or sizes of one thing share it; empty: stands alone"
    )
    attributes = models.JSONField(default=dict, blank=True)
    revision = models.PositiveBigIntegerField(db_default=1, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    search_vector = models.GeneratedField(
        expression=SearchVector("name", weight="A", config="english")
        + SearchVector("tags", weight="B", config="english")
        + SearchVector("description", weight="C", config="english"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = LiveProducts()
    all_objects = AllProducts()

    class Meta:
        ordering = ("id",)
        base_manager_name = "all_objects"
        indexes = [
            GinIndex(fields=["search_vector"], name="catalog_product_search"),
            GinIndex(fields=["tags"], name="catalog_product_tags", opclasses=["jsonb_path_ops"]),
            GinIndex(fields=["attributes"], name="catalog_product_attributes", opclasses=["jsonb_path_ops"]),
            models.Index(fields=["tenant", "variant_group"], name="catalog_product_variants"),
            # Counts and pages of what is on sale, out of the index alone.
            models.Index(
                fields=["tenant", "id"], name="catalog_product_on_sale", condition=Q(deleted_at=None, is_active=True)
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "sku"], name="catalog_product_sku_per_tenant"),
            models.CheckConstraint(
                condition=Q(price=None) | Q(price__gte=0), name="catalog_product_price_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(rating=None) | Q(rating__range=(0, 5)), name="catalog_product_rating_in_range"
            ),
        ]
        triggers = PRODUCT_TRIGGERS

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.category and self.category.tenant_id != self.tenant_id:
            raise ValidationError({"category": "The category belongs to another tenant."})


class ProductChange(models.Model):
    """The change log, written by a trigger in the writer's own transaction, so that nothing slips past it.

    Read it by ``transaction_id``, not by ``id``: ids are taken before they are committed, so a lower id can appear
    after a higher one. Everything below ``pg_snapshot_xmin(pg_current_snapshot())`` is there to stay.
    """

    tenant_id = models.BigIntegerField()
    product_id = models.BigIntegerField()
    revision = models.BigIntegerField()
    is_deleted = models.BooleanField()
    transaction_id = models.BigIntegerField()
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ("-id",)
        indexes = [models.Index(fields=["tenant_id", "transaction_id"], name="catalog_change_by_transaction")]
        verbose_name = "product change"

    def __str__(self) -> str:
        return f"product {self.product_id}, revision {self.revision}"
