"""Months, in UTC."""

from datetime import UTC, date, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from events.archive.partitions import month_after, month_of, table_of


@given(month=st.dates(date(1970, 1, 1), date(2999, 1, 1)).map(lambda day: day.replace(day=1)))
def test_the_month_after_begins_where_the_month_ends(month):
    after = month_after(month)
    assert after.day == 1
    assert month_of(datetime.combine(after, datetime.min.time(), UTC) - timedelta(microseconds=1)) == month


def test_the_month_is_that_of_utc():
    assert month_of(datetime(2026, 12, 1, 0, 30, tzinfo=timezone(timedelta(hours=1)))) == date(2026, 11, 1)


def test_tables_sort_by_month():
    assert table_of(date(2026, 2, 1)) == "events_interaction_2026_02"
