"""The OpenAPI document is true: schemathesis makes up requests from it, and compares the answers with it."""

from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core import signals
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

from tests.factories import make_product

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
DOCUMENT: dict[str, Any] = SchemaGenerator().get_schema(public=True)


def operations() -> list[Any]:
    schema = schemathesis.openapi.from_dict(DOCUMENT)
    schema.app = get_wsgi_application()
    return [result.ok() for result in schema.get_all_operations()]


OPERATIONS = operations()


@pytest.fixture
def _one_connection(db):
    """Requests do not close the connection of the test that makes them, as with Django's own client."""
    signals.request_started.disconnect(close_old_connections)
    signals.request_finished.disconnect(close_old_connections)
    yield
    signals.request_started.connect(close_old_connections)
    signals.request_finished.connect(close_old_connections)


@pytest.mark.usefixtures("_one_connection")
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.name.lower())
def test_no_request_meets_a_fault_or_an_answer_that_is_not_documented(operation, mode):
    make_product(pk=1, sku="0", category="Home > Lamps", price=5, attributes={"colour": "red"})

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
        # On this machine nobody needs a key; one that is made up would end most requests at the door.
        case.headers = {name: value for name, value in (case.headers or {}).items() if name != "Authorization"}
        case.validate_response(case.call(), checks=CHECKS)

    ask()


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_every_operation_shows_what_is_sent_and_what_comes_back(operation):
    raw = operation.definition.raw
    shown = [raw["requestBody"]] if "requestBody" in raw else []
    shown += [answer for status, answer in raw["responses"].items() if status in {"200", "201", "202"}]
    for part in shown:
        assert "examples" in part["content"]["application/json"], part
