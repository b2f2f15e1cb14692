from django.urls import path

from events.shoppers.views import ExportView, HistoryView, MergeView, PreferencesView, UserView
from events.views import EventsView

urlpatterns = [
    path("events", EventsView.as_view(), name="events"),
    path("users/<str:external_id>/preferences", PreferencesView.as_view(), name="user-preferences"),
    path("users/<str:external_id>/history", HistoryView.as_view(), name="user-history"),
    path("users/<str:external_id>/merge", MergeView.as_view(), name="user-merge"),
    path("users/<str:external_id>/export", ExportView.as_view(), name="user-export"),
    path("users/<str:external_id>", UserView.as_view(), name="user"),
]
