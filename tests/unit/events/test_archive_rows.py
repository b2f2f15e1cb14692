"""Lines for COPY: whatever a shop writes into its ids comes out as it went in."""

from datetime import UTC, datetime, timedelta, timezone

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from events.archive.rows import COLUMNS, copy_line
from tests.unit.events.factories import make_event

UNESCAPED = {"\\t": "\t", "\\n": "\n", "\\r": "\r", "\\\\": "\\"}


def parse(line):
    """Read a line as Postgres reads it."""
    assert line.endswith("\n")
    fields = line[:-1].split("\t")
    assert not any("\n" in field or "\r" in field for field in fields)
    return [None if field == "\\N" else _unescape(field) for field in fields]


def _unescape(field):
    parts, rest = [], field
    while rest:
        head = rest[:2] if rest[0] == "\\" else rest[0]
        parts.append(UNESCAPED.get(head, head))
        rest = rest[len(head) :]
    return "".join(parts)


def row_of(event, log="product_clicks@first/3", offset=17):
    return dict(zip(COLUMNS, parse(copy_line(log, offset, event, 5)), strict=True))


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(user=TEXTS, session=TEXTS, sku=TEXTS)
def test_texts_come_out_as_they_went_in(user, session, sku):
    event = msgspec.structs.replace(make_event(None, sku=sku, user_id=user), session_id=session)
    row = row_of(event)
    assert (row["external_id"], row["session_id"], row["sku"]) == (user, session, sku)


def test_what_looks_like_nothing_or_like_the_end_of_the_data_is_a_text():
    row = row_of(msgspec.structs.replace(make_event(1, user_id="\\N"), session_id="\\."))
    assert (row["external_id"], row["session_id"]) == ("\\N", "\\.")


def test_what_is_missing_is_null_and_where_it_stood_is_kept():
    row = row_of(make_event(7))
    assert [row[name] for name in ("sku", "external_id", "value", "recommendation_id", "position")] == [None] * 5
    assert (row["topic"], row["incarnation"], row["partition"], row['"offset"']) == (
        "product_clicks",
        "first",
        "3",
        "17",
    )
    assert (row["tenant_id"], row["product_id"], row["kind"]) == ("5", "7", "click")


@given(at=st.datetimes(datetime(1971, 1, 1), datetime(2999, 12, 30)), minutes=st.integers(-14 * 60, 14 * 60))  # noqa: DTZ001
def test_instants_keep_their_microsecond_in_any_zone(at, minutes):
    instant = at.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    row = row_of(msgspec.structs.replace(make_event(1), occurred_at=instant))
    assert datetime.fromisoformat(row["occurred_at"]).astimezone(UTC) == instant
