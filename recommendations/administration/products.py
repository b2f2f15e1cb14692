"""What recommendations add to the catalogue's product pages: what is shown beside a product and why, and a rebuild."""

from collections.abc import Iterable
from typing import Any

import orjson
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from unfold.decorators import action

from catalog.admin import ProductAdmin
from catalog.models import Product
from recommendations import services
from recommendations.administration.quality import in_short
from recommendations.engine.strategies import Strategy
from recommendations.models import IndexVersion
from recommendations.queries import ProductQuery
from sdr.accounts.models import Tenant
from sdr.exceptions import SdrError, Unavailable
from sdr.servers import check_celery

N_SHOWN = 12

admin.site.unregister(Product)


@admin.register(Product)
class RecommendedProductAdmin(ProductAdmin):
    actions = (*ProductAdmin.actions, "reindex")
    actions_detail = ("show_recommendations",)
    actions_row = ("show_recommendations",)

    @action(description="Recommendations", url_path="recommendations", icon="auto_awesome", permissions=["view"])
    def show_recommendations(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what stands beside a product, with each term of its score.

        ``?strategy=``: by one signal alone; ``?candidate_sku=`` asks after another product.
        """
        product = get_object_or_404(self.get_queryset(request).select_related("tenant"), pk=object_id)
        if not self.has_view_permission(request, product):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": f"Recommendations beside {product.name}",
            "opts": self.opts,
            "product": product,
            "candidate_sku": request.GET.get("candidate_sku", "").strip(),
            # The API answers staff for their own shop only.
            "may_ask_api": product.tenant == getattr(request.user, "tenant", None),
        }
        query = _query(product, _strategy(request.GET.get("strategy", "")))
        context |= {"strategy": query.strategy, "strategies": list(Strategy)}
        context |= _found(query) | _asked_after(query, context["candidate_sku"])
        return TemplateResponse(request, "recommendations/admin/product.html", context)

    @admin.action(description="Rebuild the index of their shop", permissions=["change"])
    def reindex(self, request: HttpRequest, products: QuerySet[Product]) -> None:
        from recommendations import tasks  # here, because scikit-learn would take 65 MB of every web process

        for tenant in Tenant.objects.filter(pk__in=products.order_by().values("tenant")):
            try:
                tasks.ask_for_rebuild(tenant.slug)
                problem = check_celery()
            except Unavailable as error:
                self.message_user(request, f"{tenant.name}: nothing was started. {error}", messages.ERROR)
                continue
            if problem:
                text = f"{tenant.name}: the rebuild waits in the queue, but {problem}. It begins when a worker starts."
                self.message_user(request, text, messages.WARNING)
            else:
                text = f"{tenant.name}: the whole index is being built anew; the one that serves goes on until then."
                self.message_user(request, text, messages.SUCCESS)


def _strategy(name: str) -> Strategy:
    return Strategy(name) if name in list(Strategy) else Strategy.HYBRID


def _query(product: Product, strategy: Strategy) -> ProductQuery:
    tenant = product.tenant
    return ProductQuery(tenant.slug, tenant.pk, product.pk, None, strategy, limit=N_SHOWN, evidence=True)


def _found(query: ProductQuery) -> dict[str, Any]:
    try:
        found = services.recommend_for_product(query)
    except SdrError as error:
        return {"problem": f"There is nothing to show: {error}"}
    places = [{"item": item, "card": orjson.loads(item.card), "terms": _terms(item.evidence)} for item in found.items]
    version = IndexVersion.objects.filter(tenant=query.tenant_id, artifact_name=found.index_version).first()
    return {
        "places": places,
        "index_version": found.index_version,
        "quality": in_short(version) if version else "",
        "degraded": found.degraded,
    }


def _asked_after(query: ProductQuery, sku: str) -> dict[str, Any]:
    if not sku:
        return {}
    try:
        told = services.explain(query, candidate_sku=sku)
    except SdrError as error:
        return {"candidate_problem": str(error)}
    return {"told": told, "candidate": orjson.loads(told.candidate), "told_terms": _terms(told.evidence)}


def _terms(evidence: dict[str, Any] | None) -> Iterable[dict[str, Any]]:
    return (evidence or {}).get("terms", ())
