"""Import, seen before it is done, and export, on the list of products."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from import_export.admin import ImportExportModelAdmin
from import_export.formats.base_formats import CSV, JSON, XLSX
from import_export.forms import ConfirmImportForm
from import_export.results import Result
from unfold.contrib.import_export.forms import ExportForm, ImportForm
from unfold.widgets import UnfoldAdminSelectWidget

from catalog.importing import uploads
from catalog.importing.resource import ImportResult, ProductResource
from catalog.models import Product
from sdr.accounts.models import Tenant
from sdr.accounts.tenancy import limited_to_own


class OfOneTenant(forms.Form):
    """Whose products a file holds; staff of one shop have one choice."""

    tenant = forms.ModelChoiceField(Tenant.objects.none(), empty_label=None, widget=UnfoldAdminSelectWidget)


class ProductImportForm(OfOneTenant, ImportForm):
    field_order = ("tenant", "resource", "import_file", "format")


class ProductConfirmForm(OfOneTenant, ConfirmImportForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tenant"].widget = forms.HiddenInput()


class ProductExportForm(ExportForm):
    """Export, as CSV unless somebody chooses otherwise."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["format"] = "0"  # the first of the admin's formats


class ImportingAdmin(ImportExportModelAdmin):
    resource_classes = (ProductResource,)
    formats = (CSV, XLSX, JSON)
    import_form_class = ProductImportForm
    confirm_form_class = ProductConfirmForm
    export_form_class = ProductExportForm
    skip_admin_log = True  # an entry for each of ten thousand rows: there is one for the file

    def has_import_permission(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request) and self.has_change_permission(request)

    def create_import_form(self, request: HttpRequest) -> Any:
        return _limited(super().create_import_form(request), request)

    def create_confirm_form(self, request: HttpRequest, import_form: Any = None) -> Any:
        return _limited(super().create_confirm_form(request, import_form=import_form), request)

    def get_confirm_form_initial(self, request: HttpRequest, import_form: Any) -> Any:
        initial = super().get_confirm_form_initial(request, import_form)
        return initial | ({"tenant": import_form.cleaned_data["tenant"].pk} if import_form else {})

    def get_import_resource_kwargs(self, request: HttpRequest, **kwargs: Any) -> dict[str, Any]:
        form = kwargs.get("form")
        tenant = getattr(form, "cleaned_data", {}).get("tenant")
        return {"tenant_id": tenant.pk if tenant else _own_tenant_id(request)}

    def get_export_resource_kwargs(self, request: HttpRequest, **kwargs: Any) -> dict[str, Any]:
        return {"tenant_id": _own_tenant_id(request)}  # the rows are chosen by get_export_queryset

    def get_export_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        return super().get_export_queryset(request).select_related("category")

    def import_action(self, request: HttpRequest, **kwargs: Any) -> Any:
        if request.method == "POST":
            uploads.forget_old()
        response = super().import_action(request, **kwargs)
        result = getattr(response, "context_data", {}).get("result")
        if isinstance(result, ImportResult) and not result.has_errors():
            level = messages.WARNING if result.has_validation_errors() else messages.INFO
            messages.add_message(request, level, f"Nothing is written yet. {result.summary()}")
        return response

    def process_result(self, result: Result, request: HttpRequest) -> HttpResponse:
        if not (result.has_errors() or result.has_validation_errors()):
            return super().process_result(result, request)
        for error in result.base_errors:
            messages.error(request, str(error.error))
        messages.error(request, "Nothing was imported. The file is checked again when you send it once more.")
        return HttpResponseRedirect(reverse("admin:catalog_product_import"))

    def generate_log_entries(self, result: Any, request: Any) -> None:
        LogEntry.objects.create(
            user_id=request.user.pk,
            content_type=ContentType.objects.get_for_model(Product),
            object_repr=f"File {request.POST['original_file_name']}"[:200],
            action_flag=CHANGE,
            change_message=f"Imported. {result.summary()}",
        )

    def add_success_message(self, result: Any, request: HttpRequest) -> None:
        messages.success(request, f"The file is imported. {result.summary()}")


def _limited(form: Any, request: HttpRequest) -> Any:
    form.fields["tenant"].queryset = limited_to_own(Tenant.objects.all(), request)
    if not form.is_bound:
        form.fields["tenant"].initial = form.initial.get("tenant", _own_tenant_id(request))
    return form


def _own_tenant_id(request: Any) -> int:
    return request.user.tenant_id
