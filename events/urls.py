from django.urls import path

from events.shoppers.views import HistoryView, PreferencesView
from events.views import EventsView

urlpatterns = [
    path("events", EventsView.as_view(), name="events"),
    path("users/<str:external_id>/preferences", PreferencesView.as_view(), name="user-preferences"),
    path("users/<str:external_id>/history", HistoryView.as_view(), name="user-history"),
]
