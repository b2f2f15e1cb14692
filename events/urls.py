from django.urls import path

from events.shoppers.views import ExportView, HistoryView, MergeView, PreferencesView, UserView
from events.views import EventsView

# Ids may hold slashes (%2F): servers decode them before Django sees the path, so the last word decides.
urlpatterns = [
    path("events", EventsView.as_view(), name="events"),
    path("users/<path:external_id>/preferences", PreferencesView.as_view(), name="user-preferences"),
    path("users/<path:external_id>/history", HistoryView.as_view(), name="user-history"),
    path("users/<path:external_id>/merge", MergeView.as_view(), name="user-merge"),
    path("users/<path:external_id>/export", ExportView.as_view(), name="user-export"),
    path("users/<path:external_id>", UserView.as_view(), name="user"),
]
