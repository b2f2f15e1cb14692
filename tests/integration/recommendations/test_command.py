import io

import pytest
from django.core.management import CommandError, call_command

from recommendations.index import registry
from recommendations.models import IndexVersion
from tests.integration.recommendations.test_registry import in_another_session


def rebuild_index(*arguments):
    out = io.StringIO()
    call_command("rebuild_index", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_builds_and_activates(shop):
    said = rebuild_index()
    active = registry.active_version("default")
    assert said == f"Index {active.artifact_name} of default serves now.\n"


def test_if_missing_builds_the_first_index_only(shop):
    rebuild_index("--if-missing")
    rebuild_index("--if-missing")
    assert IndexVersion.objects.count() == 1


def test_an_unknown_tenant_is_named(tenant):
    with pytest.raises(CommandError, match="'nobody'"):
        rebuild_index("--tenant", "nobody")


def test_a_build_at_work_is_not_disturbed(shop):
    def refused():
        with pytest.raises(CommandError, match="already"):
            rebuild_index()
        return True

    with registry.building(shop.tenant):
        assert in_another_session(refused)
