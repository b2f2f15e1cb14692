"""The admin's way in and out by file: the same rows, checks and statement as ``manage.py load_catalog``, seen first.

A file is shown as what it would change, row by row, and is applied only if every row is good. An exported file,
imported again, changes nothing.
"""

from decimal import Decimal
from typing import Any

import msgspec
from django.core.exceptions import ValidationError
from django.template.defaultfilters import pluralize
from django.utils.html import escape, format_html
from import_export.resources import ModelResource
from import_export.results import Result, RowResult
from msgspec import UNSET

from catalog import services
from catalog.models import Product
from catalog.rows import DEFAULTS, FIELDS, ProductRow, completed, parse_record, tags_cell
from sdr.exceptions import InvalidInput

MAX_ROWS = 20_000
# A page of more would take a browser minutes; the counts above it are of all rows.
MAX_ROWS_SHOWN = 200
MAX_CELL_SHOWN = 80


class ImportResult(Result):
    """What a file does, of which a page shows the beginning."""

    n_invalid = 0

    def valid_rows(self) -> list[RowResult]:
        return super().valid_rows()[:MAX_ROWS_SHOWN]

    def append_invalid_row(self, number: int, row: dict[str, Any], validation_error: ValidationError) -> None:
        self.n_invalid += 1
        if len(self.invalid_rows) < MAX_ROWS_SHOWN:
            super().append_invalid_row(number, row, validation_error)

    def summary(self) -> str:
        """Return the counts of all rows in words."""
        counts = {
            "new": self.totals[RowResult.IMPORT_TYPE_NEW],
            "changed": self.totals[RowResult.IMPORT_TYPE_UPDATE],
            "unchanged": self.totals[RowResult.IMPORT_TYPE_SKIP],
            "not acceptable": self.n_invalid,
        }
        told = ", ".join(f"{n} {word}" for word, n in counts.items() if n) or "0"
        beyond = max(counts["new"] + counts["changed"], self.n_invalid) > MAX_ROWS_SHOWN
        return f"{self.total_rows} row{pluralize(self.total_rows)}: {told}." + (
            f" The first {MAX_ROWS_SHOWN} are shown." if beyond else ""
        )


class ProductResource(ModelResource):
    """Products as rows of CSV, XLSX or JSON, with their category as a path; one tenant's, by SKU."""

    class Meta:
        model = Product
        fields = FIELDS
        export_order = FIELDS
        import_id_fields = ("sku",)
        use_bulk = True  # no savepoint for each row: rows are written together, at the end

    def __init__(self, tenant_id: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._tenant_id = tenant_id
        self._shown: list[str] = []
        self._stored: dict[str, dict[str, Any]] = {}
        self._rows: list[ProductRow] = []

    def get_result_class(self) -> type[Result]:
        return ImportResult

    def import_data(self, dataset: Any, *args: Any, **kwargs: Any) -> Result:
        """Show the fields that the file has; what it leaves out stays as it is."""
        self._shown = [field for field in FIELDS if field in (dataset.headers or ())]
        return super().import_data(dataset, *args, **kwargs)

    def get_diff_headers(self) -> list[str]:
        return self._shown

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        """Read what is stored of the file's products, in one query."""
        if len(dataset) > MAX_ROWS:
            raise ValidationError(
                f"The file has {len(dataset)} rows; {MAX_ROWS} fit in here. manage.py load_catalog takes any number."
            )
        if unknown := set(dataset.headers or ()) - set(FIELDS):
            raise ValidationError(f"No field of a product: {', '.join(sorted(map(str, unknown)))}.")
        skus = [str(sku).strip() for sku in dataset["sku"]] if "sku" in (dataset.headers or ()) else []
        products = Product.objects.filter(tenant_id=self._tenant_id, sku__in=[sku for sku in skus if "\0" not in sku])
        self._stored = {product.sku: _stored(product) for product in products.select_related("category")}

    def import_row(self, row: dict[str, Any], instance_loader: Any, **kwargs: Any) -> RowResult:
        """Check a row and tell what it would change; nothing is written before all of them were seen."""
        result = RowResult()
        try:
            product = parse_record({field: _cell_text(value) for field, value in row.items()})
        except InvalidInput as error:
            result.import_type = RowResult.IMPORT_TYPE_INVALID
            field = error.field if error.field in FIELDS else None
            result.validation_error = ValidationError({field: [error.message]} if field else [str(error)])
            return result
        before = self._stored.get(product.sku)
        # Of a product that was deleted nothing is to be seen here, so nothing of it may come back.
        self._rows.append(product if before else completed(product))
        after = (before or DEFAULTS) | _said(product)
        result.diff = [_difference(field, before[field] if before else None, after[field]) for field in self._shown]
        if before is None:
            result.import_type = RowResult.IMPORT_TYPE_NEW
        else:
            result.import_type = RowResult.IMPORT_TYPE_UPDATE if after != before else RowResult.IMPORT_TYPE_SKIP
        self._stored[product.sku] = after
        return result

    def after_import(self, dataset: Any, result: Result, **kwargs: Any) -> None:
        if not kwargs["dry_run"] and not result.has_validation_errors():
            services.upsert_products(self._tenant_id, self._rows)

    def export_field(self, field: Any, instance: Product, **kwargs: Any) -> str:
        return _text(_stored(instance)[field.column_name], field.column_name)


def _stored(product: Product) -> dict[str, Any]:
    """Return the fields of a product as a row would have them."""
    category = product.category
    return {field: getattr(product, field) for field in FIELDS} | {"category": category.path if category else ""}


def _said(row: ProductRow) -> dict[str, Any]:
    return {field: value for field in FIELDS if (value := getattr(row, field)) is not UNSET}


def _cell_text(value: Any) -> str:
    """Return a cell as CSV would have it: XLSX and JSON come with types."""
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return _text(value, "tags")
    if isinstance(value, bool | list | dict):
        return msgspec.json.encode(value).decode()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # a spreadsheet's 3 is 3.0
    return str(value)


def _text(value: Any, field: str = "") -> str:
    """Return a stored value as a cell that reads back as the same."""
    if value is None or value in ("", [], {}):
        return ""
    if field == "tags":
        return tags_cell(value)
    if isinstance(value, bool | dict | list):
        return msgspec.json.encode(value).decode()
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)


def _difference(field: str, before: Any, after: Any) -> str:
    """Return a cell of the preview: the value, or what goes and what comes."""
    old, new = (_text(value, field)[:MAX_CELL_SHOWN] for value in (before, after))
    if not old or before == after:
        return escape(new)
    return format_html("<del>{}</del> <ins>{}</ins>", old, new or "–")
