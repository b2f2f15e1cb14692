"""The OpenAPI document is true: schemathesis makes up requests from it, and compares the answers with it."""

import re
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core import signals
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from recommendations import serving
from sdr import connections
from sdr.accounts.models import DEFAULT_TENANT, Tenant, User
from tests.integration.recommendations.shop import Shop

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
DOCUMENT: dict[str, Any] = SchemaGenerator().get_schema(public=True)


USER = "u-7"


def from_this_machine(application: Any) -> Any:
    """Give requests an address, which schemathesis leaves out: without one, all of them would end at the door."""

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        return application(environ | {"REMOTE_ADDR": "127.0.0.1"}, start_response)

    return answer


def operations() -> list[Any]:
    schema = schemathesis.openapi.from_dict(DOCUMENT)
    schema.app = from_this_machine(get_wsgi_application())
    return [result.ok() for result in schema.get_all_operations()]


OPERATIONS = operations()


@pytest.fixture(scope="module")
def known(django_db_setup, django_db_blocker):
    """A shop with an index, for all requests of this file: what they write is rolled back."""
    with django_db_blocker.unblock():
        connections.redis_client().flushall()
        made = Shop(Tenant.objects.get(slug=DEFAULT_TENANT))
        User.objects.create(external_id=USER, preferences={"hidden_categories": ["pans"]})
        made.rebuild()
        made.serving()  # loaded here: a request that does so gives back its database connection, which is the test's
        product, candidate = made.id_of("teapot"), made.id_of("wok")
        yield {"product_id": product, "candidate": candidate, "sku": "teapot", "external_id": USER}
        serving.stop()
        call_command("flush", interactive=False, verbosity=0)


@pytest.fixture
def _one_connection(db):
    """Requests do not close the connection of the test that makes them, as with Django's own client."""
    signals.request_started.disconnect(close_old_connections)
    signals.request_finished.disconnect(close_old_connections)
    yield
    signals.request_started.connect(close_old_connections)
    signals.request_finished.connect(close_old_connections)


def ask_about(case, known):
    """Have half of the requests be about what there is: nobody makes up an id that exists."""
    if len(case.formatted_path) % 2:
        case.path_parameters |= {name: known[name] for name in known.keys() & case.path_parameters.keys()}
        case.query = {name: value for name, value in (case.query or {}).items() if name not in {"category", "exclude"}}
        if case.path.endswith("/explain"):
            case.query = {"candidate": known["candidate"], "limit": 3, "evidence": True}


@pytest.mark.usefixtures("_one_connection")
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.name.lower())
def test_no_request_meets_a_fault_or_an_answer_that_is_not_documented(operation, mode, known):
    if mode is GenerationMode.NEGATIVE and not (operation.definition.raw.keys() & {"parameters", "requestBody"}):
        return  # nothing can be wrong with it

    @hypothesis.settings(
        max_examples=hypothesis.settings().max_examples // 10,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def ask(case):
        if mode is GenerationMode.POSITIVE:
            ask_about(case, known)
        # On this machine nobody needs a key; one that is made up would end most requests at the door.
        case.headers = {name: value for name, value in (case.headers or {}).items() if name != "Authorization"}
        answer = case.call()
        statuses.append(answer.status_code)
        case.validate_response(answer, checks=CHECKS)

    statuses: list[int] = []
    ask()
    assert 401 not in statuses


@pytest.mark.usefixtures("_one_connection")
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_what_is_shown_as_an_example_is_taken(operation, known):
    raw = operation.definition.raw
    path = {name: known[name] for name in known.keys() & set(re.findall(r"{(\w+)}", operation.path))}
    content = raw.get("requestBody", {}).get("content", {}).get("application/json", {})
    body = {"body": next(iter(content["examples"].values()))["value"]} if "examples" in content else {}
    if "sku" in path and body:
        body["body"] |= {"sku": path["sku"]}  # it says again what the address says
    query = {"candidate": known["candidate"]} if operation.path.endswith("/explain") else {}
    case = operation.Case(path_parameters=path, query=query, media_type="application/json" if body else None, **body)
    answer = case.call()
    assert answer.status_code < 300, answer.text
    case.validate_response(answer, checks=CHECKS)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_every_operation_shows_what_is_sent_and_what_comes_back(operation):
    raw = operation.definition.raw
    shown = [raw["requestBody"]] if "requestBody" in raw else []
    shown += [answer for status, answer in raw["responses"].items() if status in {"200", "201", "202"}]
    for part in shown:
        assert "examples" in part["content"]["application/json"], part
