"""Recorded interactions are read as a stream, and what is wrong with a row is said."""

import gzip
from datetime import UTC, datetime

import pytest

from catalog.importing.source import open_source
from events.kinds import Kind
from events.simulation.actions import Action
from events.simulation.replay import BadFile, read_rows

HEADER = "user_id,session_id,sku,kind,occurred_at\n"
GOOD = "u-1,,A-1,click,2014-04-01T01:02:21.719Z\n"


@pytest.fixture
def read(tmp_path):
    def read(content, problems=None):
        path = tmp_path / "rows.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        reported = [] if problems is None else problems
        with open_source(str(path)) as source:
            return list(read_rows(source, reported.append))

    return read


def test_a_row_is_an_action_with_its_time_and_line(read):
    (row,) = read(HEADER + GOOD)
    assert row.action == Action(Kind.CLICK, "u-1", None, sku="A-1")
    assert datetime.fromtimestamp(row.at_seconds, UTC) == datetime(2014, 4, 1, 1, 2, 21, 719000, UTC)
    assert row.line == 2


def test_gzipped_files_and_other_orders_of_columns_are_read(read):
    content = '\ufeffoccurred_at,value,kind,extra,sku,session_id\r\n2014-04-01T00:00:00Z,4,rating,x,"B,2",s-1\r\n'
    (row,) = read(gzip.compress(content.encode()))
    assert row.action == Action(Kind.RATING, None, "s-1", sku="B,2", value=4.0)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (",,A-1,click,2014-04-01T00:00:00Z", "user_id"),
        ("u,,,click,2014-04-01T00:00:00Z", "sku"),
        ("u,,A-1,stare,2014-04-01T00:00:00Z", "kind"),
        ("u,,A-1,,2014-04-01T00:00:00Z", "kind"),
        ("u,,A-1,click,", "occurred_at"),
        ("u,,A-1,click,yesterday", "occurred_at"),
        ("u,,A-1,click,2014-04-01T00:00:00", "occurred_at"),
        ("u,,A-1,rating,2014-04-01T00:00:00Z", "value"),
        ("u,,A-1,click", "fields"),
        ("u,,A-1,click,2014-04-01T00:00:00Z,more", "fields"),
        ("", "fields"),
        (f"u,,{'A' * 101},click,2014-04-01T00:00:00Z", "sku"),
        (f"u,,{'A' * 1_000_001},click,2014-04-01T00:00:00Z", "too long"),
        (b"u,,\xff\xfe,click,2014-04-01T00:00:00Z", "utf-8"),
    ],
)
def test_a_bad_row_is_named_and_the_next_one_read(read, line, said):
    problems = []
    encoded = line if isinstance(line, bytes) else line.encode()
    rows = read(HEADER.encode() + encoded + b"\n" + GOOD.encode(), problems)
    assert [row.line for row in rows] == [3]
    (problem,) = problems
    assert problem.startswith("rows.csv, line 2: ")
    assert said in problem


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "occurred_at"),
        ("user_id,sku,kind\n", "occurred_at"),
        ("sku,kind,occurred_at\n", "session_id"),
        (gzip.compress((HEADER + GOOD * 100).encode())[:60], "cannot be read to its end"),
    ],
)
def test_a_file_that_is_no_recording_is_refused(read, content, said):
    with pytest.raises(BadFile, match=said):
        read(content)
