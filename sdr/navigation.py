"""The admin's menu: by what somebody wants to do, where Django's own goes by where the code lies."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse_lazy

# Models by the name of their class, each with its Material symbol. A model that is missing here stands under "Other".
GROUPS = {
    "Catalogue": {"Product": "inventory_2", "Category": "category", "ProductChange": "history"},
    "Recommendations": {"ScoringProfile": "tune", "TrendWeights": "trending_up", "IndexVersion": "deployed_code"},
    "Shoppers": {"Shopper": "group", "Interaction": "ads_click"},
    "Access": {"Tenant": "storefront", "ApiKey": "key", "User": "badge", "Group": "groups"},
    "Background work": {
        "PeriodicTask": "schedule",
        "IntervalSchedule": "timer",
        "CrontabSchedule": "calendar_month",
        "ClockedSchedule": "event",
        "SolarSchedule": "sunny",
    },
}
OTHER, OTHER_SYMBOL = "Other", "table"


def menu(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the groups with what this member of staff may see, in the form of Unfold's ``SIDEBAR.navigation``."""
    visible = {model["object_name"]: model for app in admin.site.get_app_list(request) for model in app["models"]}
    grouped = {name: dict(symbols) for name, symbols in GROUPS.items()}
    known = {name for symbols in GROUPS.values() for name in symbols}
    grouped[OTHER] = {name: OTHER_SYMBOL for name in visible if name not in known}
    groups = [
        {"title": title, "separator": True, "items": [_item(visible[n], s) for n, s in symbols.items() if n in visible]}
        for title, symbols in grouped.items()
    ]
    home = {"title": "Overview", "icon": "home", "link": reverse_lazy("admin:index")}
    return [{"items": [home]}, *(group for group in groups if group["items"])]


def _item(model: dict[str, Any], symbol: str) -> dict[str, str]:
    return {"title": model["name"], "icon": symbol, "link": model["admin_url"]}
