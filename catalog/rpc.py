"""gRPC's way into the catalogue: the same use cases as ``views.py``."""

from collections.abc import Iterator
from typing import Any

import grpc
from django.db.models import Q

from catalog import drafts, editing, listing, selectors
from catalog.editing import RowResult
from catalog.messages import detail_message, fields_of, product_message
from catalog.models import Product
from catalog.upsert import Status
from protos.catalog.v1 import catalog_pb2 as messages
from protos.catalog.v1.catalog_pb2_grpc import add_ProductServiceServicer_to_server
from sdr.accounts.models import Scope
from sdr.conditional import Precondition, no_condition
from sdr.exceptions import InvalidInput, NotFound, PreconditionFailed
from sdr.rpc import inflow
from sdr.rpc.results import BoundedResults
from sdr.rpc.services import Service

# Rows that are written together, and as many that may wait for them.
BATCH_SIZE = editing.MAX_ROWS
MAX_RESULTS = 1000


class ProductService(Service):
    service_name = messages.DESCRIPTOR.services_by_name["ProductService"].full_name
    add_to_server = staticmethod(add_ProductServiceServicer_to_server)
    required_scopes = {
        "Get": Scope.RECOMMENDATIONS_READ,
        "List": Scope.RECOMMENDATIONS_READ,
        "Create": Scope.CATALOG_WRITE,
        "Update": Scope.CATALOG_WRITE,
        "Delete": Scope.CATALOG_WRITE,
        "BulkUpsert": Scope.CATALOG_WRITE,
    }

    def Get(self, request: messages.GetRequest, context: grpc.ServicerContext) -> messages.GetResponse:  # noqa: N802
        product = selectors.manageable_product(self.caller.tenant_id, _key(request))
        if not product.is_active and Scope.CATALOG_WRITE not in self.caller.scopes:
            raise NotFound("There is no such product.")
        return messages.GetResponse(product=_detail(product))

    def List(  # noqa: N802
        self, request: messages.ListRequest, context: grpc.ServicerContext
    ) -> Iterator[messages.ListResponse]:
        for product in listing.products(request, self.caller):
            yield messages.ListResponse(product=product_message(selectors.product_card(product)))

    def Create(self, request: messages.CreateRequest, context: grpc.ServicerContext) -> messages.CreateResponse:  # noqa: N802
        draft = drafts.parse_fields(fields_of(request.fields))
        return messages.CreateResponse(product=_detail(editing.create_product(self.caller.tenant_id, draft)))

    def Update(self, request: messages.UpdateRequest, context: grpc.ServicerContext) -> messages.UpdateResponse:  # noqa: N802
        fields = fields_of(request.fields, request.update_mask.paths)
        product = editing.change_product(self.caller.tenant_id, _key(request), fields, _condition(request))
        return messages.UpdateResponse(product=_detail(product))

    def Delete(self, request: messages.DeleteRequest, context: grpc.ServicerContext) -> messages.DeleteResponse:  # noqa: N802
        editing.delete_product(self.caller.tenant_id, _key(request), _condition(request))
        return messages.DeleteResponse()

    def BulkUpsert(  # noqa: N802
        self, request: Iterator[messages.BulkUpsertRequest], context: grpc.ServicerContext
    ) -> messages.BulkUpsertResponse:
        told: BoundedResults[tuple[int, RowResult]] = BoundedResults(_is_bad, most=MAX_RESULTS, keeps_all=True)
        for batch in inflow.batches(request, context, most=BATCH_SIZE):
            results = editing.upsert_each(self.caller.tenant_id, [_row(message.fields) for message in batch])
            told.add((result.status, (n, result)) for n, result in enumerate(results, told.total))
        counts: Any = {str(status): told.counts[status] for status in Status}
        return messages.BulkUpsertResponse(**counts, results=[_row_result(n, result) for n, result in told.kept])


def _key(request: messages.GetRequest | messages.UpdateRequest | messages.DeleteRequest) -> Q:
    """Return the condition for the product that the request names."""
    named_by = request.WhichOneof("product")
    if named_by is None:
        raise InvalidInput("product", "Name it by product_id or by sku.")
    if named_by == "product_id":
        return Q(pk=request.product_id)
    if "\0" in request.sku:  # Postgres refuses it in a parameter, and no SKU holds one
        raise NotFound("There is no such product.")
    return Q(sku=request.sku)


def _condition(request: messages.UpdateRequest | messages.DeleteRequest) -> Precondition:
    if not request.HasField("revision"):
        return no_condition

    def check(revision: int | None) -> None:
        if revision != request.revision:
            raise PreconditionFailed(f"The revision is {revision} now.")

    return check


def _detail(product: Product) -> messages.ProductDetail:
    return detail_message(selectors.product_detail(product))


def _row(message: messages.ProductFields) -> dict[str, Any] | InvalidInput:
    try:
        return fields_of(message)
    except InvalidInput as error:
        return error


def _is_bad(item: tuple[int, RowResult]) -> bool:
    return item[1].error is not None


def _row_result(position: int, result: RowResult) -> messages.RowResult:
    return messages.RowResult(
        position=position,
        sku=result.sku or "",
        product_id=result.id,
        status=result.status,
        field=result.error.field if result.error else "",
        error=str(result.error) if result.error else "",
    )
