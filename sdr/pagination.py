"""Pages of a list: ``{"products": […], "total", "page", "page_size"}``."""

from typing import TYPE_CHECKING, Any

from rest_framework import pagination
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from sdr.exceptions import InvalidInput

if TYPE_CHECKING:  # only there can it be given a type
    from django.core.paginator import Paginator

# Postgres walks over every row before a page: further down, filters or another ordering are the way.
MAX_DEPTH = 200_000


class PageNumberPagination(pagination.PageNumberPagination):
    """Strict about what it is asked: 400 for what is no page, 404 for a page beyond the end."""

    results_name = "results"
    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    page_size_query_description = "How many, from 1 to 200."
    invalid_page_message = "There is no page {page_number}."

    def get_page_size(self, request: Request) -> int:
        return _whole_number(request, self.page_size_query_param, self.page_size, at_most=self.max_page_size)

    def get_page_number(self, request: Request, paginator: "Paginator[Any]") -> int:
        number = _whole_number(request, self.page_query_param, 1)
        check_depth(number, paginator)
        return number

    def get_paginated_response(self, data: Any) -> Response:
        page = self.page
        assert page is not None  # noqa: S101  paginate_queryset went before
        return Response(
            {
                self.results_name: data,
                "total": page.paginator.count,
                "page": page.number,
                "page_size": page.paginator.per_page,
            }
        )

    def get_results(self, data: Any) -> Any:
        """Return the items: the browsable API shows its filters only where it finds them."""
        return data[self.results_name]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        examples = {"total": 1, "page": 1, "page_size": self.page_size}
        numbers = {name: {"type": "integer", "example": example} for name, example in examples.items()}
        properties = {self.results_name: schema, **numbers}
        return {"type": "object", "required": list(properties), "properties": properties}


def check_depth(number: int, pages: "Paginator[Any]") -> None:
    """Raise InvalidInput for a page that is there, and too far down."""
    if number <= pages.num_pages and (number - 1) * pages.per_page > MAX_DEPTH:
        raise InvalidInput("page", f"Pages go {MAX_DEPTH} items deep; filter, or order the other way round.")


def _whole_number(request: Request, name: str, default: int, *, at_most: int | None = None) -> int:
    text = request.query_params.get(name, "")
    if not text:
        return default
    # Ten digits: beyond any page, and far from what int() refuses.
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= 10 else 0  # noqa: PLR2004
    if number < 1 or (at_most and number > at_most):
        raise ValidationError({name: [f"It must be a whole number from 1{f' to {at_most}' if at_most else ''}."]})
    return number
