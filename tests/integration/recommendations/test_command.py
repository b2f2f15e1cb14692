import io
import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from recommendations.index import registry, store
from recommendations.index.build import build_index
from recommendations.index.lease import building
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

    with building(shop.tenant):
        assert in_another_session(refused)


def test_if_missing_waits_for_another_builder(shop):
    with building(shop.tenant):
        waiting = threading.Thread(target=lambda: (rebuild_index("--if-missing"), connection.close()))
        waiting.start()
        version = build_index(shop.tenant)
        registry.activate(version)
    waiting.join()
    assert IndexVersion.objects.count() == 1


def test_an_older_version_is_chosen_and_let_go_of(shop):
    first, second = shop.rebuild(), shop.rebuild()
    said = rebuild_index("--activate", first.artifact_name)
    assert said == f"Index {first.artifact_name} of default serves now, until --unpin.\n"
    assert registry.active_version("default") == first
    listed = rebuild_index("--list")
    assert first.artifact_name in listed
    assert "pinned" in listed
    assert "serves until it is unpinned" in rebuild_index()
    rebuild_index("--unpin")
    assert registry.active_version("default") not in {first, second}


@pytest.mark.parametrize("options", [["--activate", "20260101T000000-00000000"], ["--list", "--unpin"]])
def test_what_cannot_be_done_is_said(shop, options):
    with pytest.raises(CommandError):
        rebuild_index(*options)


def test_a_spoilt_version_is_refused_in_one_line(shop):
    first, second = shop.rebuild(), shop.rebuild()
    store.remove("default", first.artifact_name)
    with pytest.raises(CommandError, match="cannot be read"):
        rebuild_index("--activate", first.artifact_name)
    assert registry.active_version("default") == second
