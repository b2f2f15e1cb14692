"""What is sold: the category tree, the products, and the log of everything that changed."""

from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Concat, Substr
from django.utils.text import slugify

from catalog.triggers import BUMP_REVISION, LOG_CHANGE
from sdr.accounts.models import Tenant, default_tenant_id

PATH_SEPARATOR = " > "
UNCATEGORISED = "Uncategorised"


class Category(models.Model):
    """A node of the tenant's tree. ``path`` spells the names from the root: "Home > Kitchen > Knives"."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="categories", default=default_tenant_id)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, related_name="children", null=True, blank=True)
    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=400, allow_unicode=True, blank=True)
    path = models.CharField(max_length=1000, editable=False)

    class Meta:
        ordering = ("path",)
        verbose_name_plural = "categories"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "path"], name="catalog_category_path_per_tenant"),
            models.UniqueConstraint(fields=["tenant", "slug"], name="catalog_category_slug_per_tenant"),
        ]

    def __str__(self) -> str:
        return self.path

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep ``path`` right, here and below: descendants follow a rename or a move in one UPDATE."""
        old_path = self.path
        self.path = PATH_SEPARATOR.join([self.parent.path, self.name] if self.parent else [self.name])
        self.slug = self.slug or category_slug(self.path)
        super().save(*args, **kwargs)
        if old_path and old_path != self.path:
            below = Category.objects.filter(tenant=self.tenant, path__startswith=old_path + PATH_SEPARATOR)
            below.update(path=Concat(Value(self.path), Substr("path", len(old_path) + 1)))


def category_slug(path: str) -> str:
    return slugify(path.replace(PATH_SEPARATOR, "-"), allow_unicode=True)


class LiveProducts(models.Manager["Product"]):
    """Products that were not deleted: deletion is soft."""

    def get_queryset(self) -> models.QuerySet["Product"]:
        return super().get_queryset().filter(deleted_at=None)


class Product(models.Model):
    """One thing on sale. ``revision`` and ``updated_at`` are the database's own: a trigger moves them on."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="products", default=default_tenant_id)
    sku = models.CharField(max_length=100)
    name = models.CharField(max_length=500)
    category = models.ForeignKey(Category, on_delete=models.SET_NULL, related_name="products", null=True, blank=True)
    price = models.DecimalField(
        max_digits=20, decimal_places=8, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    currency = models.CharField(max_length=3, blank=True)
    rating = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(0), MaxValueValidator(5)], help_text="0–5; empty: unknown"
    )
    rating_count = models.PositiveIntegerField(default=0)
    tags = models.JSONField(default=list, blank=True)
    description = models.TextField(blank=True)
    image_url = models.URLField(max_length=1000, blank=True)
    in_stock = models.BooleanField(default=True)
    is_active = models.BooleanField(default=True)
    variant_group = models.CharField(
        max_length=100, null=True, blank=True, help_text="Colours or sizes of one thing share it; empty: stands alone"
    )
    attributes = models.JSONField(default=dict, blank=True)
    revision = models.PositiveBigIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(db_default=models.functions.Now(), editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    search_vector = models.GeneratedField(
        expression=SearchVector("name", weight="A", config="english")
        + SearchVector("tags", weight="B", config="english")
        + SearchVector("description", weight="C", config="english"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = LiveProducts()
    all_objects = models.Manager()

    class Meta:
        ordering = ("id",)
        base_manager_name = "all_objects"
        indexes = [
            GinIndex(fields=["search_vector"], name="catalog_product_search"),
            GinIndex(fields=["tags"], name="catalog_product_tags", opclasses=["jsonb_path_ops"]),
            models.Index(fields=["tenant", "category"], name="catalog_product_category"),
            models.Index(fields=["tenant", "variant_group"], name="catalog_product_variants"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "sku"], name="catalog_product_sku_per_tenant"),
            models.CheckConstraint(condition=Q(price=None) | Q(price__gte=0), name="catalog_product_price_not_negative"),
            models.CheckConstraint(
                condition=Q(rating=None) | Q(rating__range=(0, 5)), name="catalog_product_rating_in_range"
            ),
        ]
        triggers = [BUMP_REVISION, LOG_CHANGE]

    def __str__(self) -> str:
        return self.name


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
        indexes = [models.Index(fields=["tenant_id", "transaction_id"], name="catalog_change_by_transaction")]
        verbose_name = "product change"

    def __str__(self) -> str:
        return f"product {self.product_id}, revision {self.revision}"
