"""The schedule of background work. It is the whole installation's, so superusers alone see it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django_celery_beat.admin import ClockedScheduleAdmin as BaseClockedScheduleAdmin
from django_celery_beat.admin import CrontabScheduleAdmin as BaseCrontabScheduleAdmin
from django_celery_beat.admin import PeriodicTaskAdmin as BasePeriodicTaskAdmin
from django_celery_beat.admin import PeriodicTaskForm, TaskSelectWidget
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget


class ForSuperusers(ModelAdmin):
    """A task may be told any tenant's name: whoever edits the schedule acts for all of them."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return _is_superuser(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_superuser(request)

    has_add_permission = has_module_permission
    has_change_permission = has_view_permission
    has_delete_permission = has_view_permission


class _TaskSelect(UnfoldAdminSelectWidget, TaskSelectWidget):
    pass


class _PeriodicTaskForm(PeriodicTaskForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = _TaskSelect()


for _model in (ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule):
    admin.site.unregister(_model)


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(ForSuperusers, BasePeriodicTaskAdmin):
    form = _PeriodicTaskForm
    change_form_template = "admin/change_form.html"  # celery-beat's own runs a script that stands in the page
    list_display = ("name", "enabled", "schedule_in_words", "last_run_at", "description")
    list_filter = ("enabled",)
    fieldsets = (
        (None, {"fields": ("name", "enabled", "description", "interval", "crontab")}),
        ("What it runs", {"fields": ("regtask", "task", "args", "kwargs"), "classes": ("tab",)}),
        (
            "Options",
            {
                "fields": (
                    *("clocked", "solar", "one_off", "start_time", "last_run_at", "expires", "expire_seconds"),
                    *("queue", "exchange", "routing_key", "priority", "headers"),
                ),
                "classes": ("tab",),
            },
        ),
    )

    @admin.display(description="runs")
    def schedule_in_words(self, task: PeriodicTask) -> str:
        return str(task.scheduler)


@admin.register(IntervalSchedule)
class IntervalScheduleAdmin(ForSuperusers):
    pass


@admin.register(CrontabSchedule)
class CrontabScheduleAdmin(ForSuperusers, BaseCrontabScheduleAdmin):
    pass


@admin.register(SolarSchedule)
class SolarScheduleAdmin(ForSuperusers):
    pass


@admin.register(ClockedSchedule)
class ClockedScheduleAdmin(ForSuperusers, BaseClockedScheduleAdmin):
    pass


def _is_superuser(request: HttpRequest) -> bool:
    return request.user.is_active and request.user.is_superuser
