"""The page of examples is what the command prints of the sample catalogue."""

import os
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from recommendations.index.rebuild import rebuild
from sdr.stack.preparation import sample_files

PAGE = Path(__file__).parents[3] / "docs" / "examples.md"


def printed(*arguments):
    out = StringIO()
    call_command("show_examples", *arguments, stdout=out)
    return out.getvalue()


def test_the_page_is_what_the_command_prints(tenant):
    with Path(os.devnull).open("w") as nowhere:
        call_command("load_catalog", *sample_files(), stdout=nowhere, stderr=nowhere)
    rebuild(tenant)
    assert printed() == PAGE.read_text(), "docs/examples.md: make it anew with `manage.py show_examples`"


def test_products_may_be_named(indexed_shop):
    page = printed("kettle/red", "wok")
    assert [line for line in page.splitlines() if line.startswith("## ")] == [
        "## Enamel kettle, red",
        "## Carbon steel wok",
    ]
    assert page.count("\n| ") == 2 * (1 + 5)
    with pytest.raises(CommandError, match="no such"):
        printed("wok", "no such")


def test_without_an_index_it_says_what_to_do(shop):
    with pytest.raises(CommandError, match="rebuild_index"):
        printed()
