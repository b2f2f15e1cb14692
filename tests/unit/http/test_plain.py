"""What is read in place of Django is read as Django reads it."""

import pytest
from django.core.exceptions import DisallowedHost, TooManyFieldsSent
from django.http import QueryDict
from django.urls import Resolver404, resolve
from hypothesis import given
from hypothesis import strategies as st

from sdr.http.plain import PlainRequest, params_of
from sdr.http.ways import match_of
from sdr.quick import QuickReads

NAMES = ("a", "b", "", "ä")
ENVIRON = {"REQUEST_METHOD": "GET", "PATH_INFO": "/api/trending", "HTTP_HOST": "shop.example:8000"}
PATHS = (
    "/api/recommendations/12",
    "/api/recommendations/0012",
    "/api/recommendations/12/",
    "/api/recommendations/12/explain",
    "/api/recommendations/by-sku/A/1",
    "/api/recommendations/by-sku/A/explain",
    "/api/recommendations/by-sku/Ä\n",
    "/api/recommendations/",
    "/api/recommendations/x",
    "/api/users/u-7/recommendations",
    "/api/users/u/recommendations/history",
    "/api/users/u/history",
    "/api/trending",
    "/api/trending\n",
    "/api/products/12",
    "//api/trending",
    "/api/",
    "/",
    "",
)


@given(st.text(alphabet="abä=&+%2C;,_ 1", max_size=30).map(lambda text: text.encode().decode("latin-1")))
def test_parameters_are_those_that_django_finds(query):
    ours, djangos = params_of(query), QueryDict(query.encode("latin-1"))
    for name in {*NAMES, *djangos}:
        assert (name in ours) == (name in djangos)
        assert (ours.get(name), ours.getlist(name)) == (djangos.get(name), djangos.getlist(name))


def test_more_parameters_than_django_takes_are_refused():
    with pytest.raises(TooManyFieldsSent):
        params_of("a&" * 2000)


@pytest.mark.parametrize("path", PATHS)
def test_paths_lead_to_where_django_finds_them_to_lead(path):
    try:
        found = resolve(path)
    except Resolver404:
        found = None
    ours = match_of(path, QuickReads)
    if found and issubclass(getattr(found.func, "cls", type), QuickReads):
        assert ours == (found.func.cls, found.route, found.kwargs)
    else:
        assert ours is None


def test_a_host_is_ours_as_long_as_the_settings_say_so(settings):
    settings.ALLOWED_HOSTS = [".example"]
    assert PlainRequest(ENVIRON).get_host() == "shop.example:8000"
    for host in ("evil.test", "shop.example:x", "s" * 300, ""):
        with pytest.raises(DisallowedHost):
            PlainRequest(ENVIRON | {"HTTP_HOST": host, "SERVER_NAME": "evil.test", "SERVER_PORT": "80"}).get_host()
    settings.ALLOWED_HOSTS = ["other.example"]
    with pytest.raises(DisallowedHost):
        PlainRequest(ENVIRON).get_host()
