"""What every live state must do. A subclass provides the fixture ``state``."""

import math

import msgspec
import pytest

from events.live import parameters
from events.live.base import NO_OFFSET, Applied, Batch, Moved, Shopper, Step, WentBack
from tests.unit.events.factories import LOG, START, make_batch, make_live_event


def values(state, tenant="default"):
    """Return product id → (decayed hour weight, decayed week weight, clicks) at START."""
    changes = state.products(tenant)
    return {
        int(product): (
            math.exp(hour - parameters.LAMBDA_HOUR * START),
            math.exp(week - parameters.LAMBDA_WEEK * START),
            int(clicks),
        )
        for product, hour, week, clicks in zip(
            changes.product_ids, changes.hour, changes.week, changes.clicks, strict=True
        )
    }


class LiveStateContract:
    def test_a_click_counts_one_in_every_window(self, state):
        state.apply(make_batch([make_live_event(7)]))
        assert values(state) == {7: pytest.approx((1.0, 1.0, 1))}

    def test_weights_add_up(self, state):
        events = [make_live_event(7, n, weight=w) for n, w in enumerate([0.2, 1.0, 5.0])]
        state.apply(make_batch(events))
        assert values(state)[7] == pytest.approx((6.2, 6.2, 3))

    def test_a_click_of_an_hour_ago_counts_half_in_the_hour(self, state):
        state.apply(make_batch([make_live_event(7, at=START - 3600)]))
        hour, week, _ = values(state)[7]
        assert (hour, week) == pytest.approx((0.5, 0.5 ** (1 / 168)))

    def test_late_events_count_as_if_they_had_come_in_time(self, state):
        early, late = make_live_event(7, 0, at=START), make_live_event(7, 1, at=START - 1800)
        state.apply(make_batch([early, late]))
        assert values(state)[7][0] == pytest.approx(1 + 0.5**0.5)

    def test_an_event_without_a_trend_weight_leaves_no_trace_in_the_trends(self, state):
        state.apply(make_batch([make_live_event(7, weight=0.0, is_click=False)]))
        assert values(state) == {}

    def test_offsets_are_stored_with_the_events(self, state):
        assert state.offsets(["default"], [LOG]) == {("default", LOG): NO_OFFSET}
        state.apply(make_batch([make_live_event(7, 41)]))
        assert state.offsets(["default"], [LOG]) == {("default", LOG): 42}

    def test_a_batch_that_is_delivered_again_changes_nothing(self, state):
        batch = make_batch([make_live_event(7, n) for n in range(3)])
        assert state.apply(batch) == Applied(3, 0, 0)
        before = values(state)
        assert state.apply(batch) == Applied(0, 0, 3)
        assert values(state) == before

    def test_a_batch_that_overlaps_the_last_one_counts_only_what_is_new(self, state):
        events = [make_live_event(7, n) for n in range(5)]
        state.apply(make_batch(events[:3]))
        assert state.apply(make_batch(events[1:])) == Applied(2, 0, 2)
        assert values(state)[7][2] == 5

    def test_a_consumer_that_is_ahead_of_the_state_changes_nothing_and_is_told(self, state):
        state.apply(make_batch([make_live_event(7, 0)]))
        with pytest.raises(WentBack):
            state.apply(make_batch([make_live_event(7, 9)], expect=9))
        assert values(state)[7][2] == 1
        assert state.offsets(["default"], [LOG])["default", LOG] == 1

    def test_a_zombie_that_is_behind_moves_nothing_back(self, state):
        events = [make_live_event(7, n) for n in range(6)]
        state.apply(make_batch(events))
        assert state.apply(make_batch(events[:2], expect=0)) == Applied(0, 0, 2)
        assert state.offsets(["default"], [LOG])["default", LOG] == 6

    def test_an_event_that_was_sent_twice_counts_once(self, state):
        event_id = b"0123456789abcdef"
        events = [make_live_event(7, n, event_id=event_id) for n in range(2)]
        assert state.apply(make_batch(events)) == Applied(1, 1, 0)
        again = make_live_event(7, 2, event_id=event_id)
        assert state.apply(make_batch([again], expect=2)) == Applied(0, 1, 0)
        assert values(state)[7][2] == 1

    def test_ids_are_remembered_for_the_current_bucket_and_the_one_before(self, state):
        event_id = b"0123456789abcdef"
        for offset, (bucket, n_applied) in enumerate([(100, 1), (101, 0), (103, 1)]):
            event = make_live_event(7, offset, event_id=event_id)
            assert state.apply(make_batch([event], bucket=bucket)).n_applied == n_applied

    def test_the_same_id_in_another_log_is_another_event(self, state):
        event_id = b"0123456789abcdef"
        for log in (LOG, "product_clicks@first/1"):
            state.apply(make_batch([make_live_event(7, log=log, event_id=event_id)], log=log))
        assert values(state)[7][2] == 2

    def test_a_topic_that_was_created_anew_starts_at_its_beginning(self, state):
        state.apply(make_batch([make_live_event(7, 500)]))
        new_log = "product_clicks@second/0"
        state.apply(make_batch([make_live_event(7, 0, log=new_log)], log=new_log))
        assert values(state)[7][2] == 2

    @pytest.mark.parametrize("incarnation", ["second", "a/b+c=/"])
    def test_events_of_a_new_topic_that_were_read_under_the_old_ones_name_count_once(self, state, incarnation):
        events = [make_live_event(7, n) for n in range(4)]
        state.apply(make_batch(events[2:]))
        new_log = f"product_clicks@{incarnation}/0"
        again = [msgspec.structs.replace(event, log=new_log) for event in events]
        assert state.apply(make_batch(again, log=new_log)) == Applied(2, 2, 0)
        assert values(state)[7][2] == 4

    def test_a_call_without_events_moves_the_offset_on(self, state):
        state.apply(Batch("default", [Step(LOG, NO_OFFSET, 12, 0)], START))
        assert state.offsets(["default"], [LOG])["default", LOG] == 12

    def test_one_tenant_never_sees_another(self, state):
        state.apply(make_batch([make_live_event(7)], tenant="default"))
        state.apply(make_batch([make_live_event(8)], tenant="other"))
        assert (set(values(state)), set(values(state, "other"))) == ({7}, {8})

    def test_recent_products_come_newest_first_whatever_order_they_came_in(self, state):
        times = {5: START - 10, 6: START, 7: START - 300}
        events = [make_live_event(p, n, at=at, shoppers=("u:7",)) for n, (p, at) in enumerate(times.items())]
        state.apply(make_batch([*events, make_live_event(5, 3, at=START - 9000, shoppers=("u:7",))]))
        assert state.shopper("default", "u:7").recent == [(6, START), (5, START - 10), (7, START - 300)]
        assert state.shopper("default", "u:8").recent == []

    def test_an_event_of_a_user_in_a_session_is_found_under_both(self, state):
        state.apply(make_batch([make_live_event(5, shoppers=("u:7", "s:ü 9"))]))
        assert state.shopper("default", "u:7").recent == state.shopper("default", "s:ü 9").recent == [(5, START)]

    def test_only_the_newest_fifty_are_kept(self, state):
        events = [make_live_event(n + 1, n, at=START + n % 60, shoppers=("u:7",)) for n in range(130)]
        for first in range(0, 130, 10):
            state.apply(make_batch(events[first : first + 10], expect=first or -1))
        newest = sorted(events, key=lambda e: (e.occurred_at_seconds, str(e.product_id)), reverse=True)[:50]
        assert [product for product, _ in state.shopper("default", "u:7").recent] == [e.product_id for e in newest]

    def test_marks_keep_their_newest_time_and_make_no_product_recent(self, state):
        dislike = {"mark": "dislike:5", "is_met": False, "weight": 0.0, "shoppers": ("u:7",)}
        state.apply(make_batch([make_live_event(5, n, at=START - n, **dislike) for n in range(3)]))
        assert state.shopper("default", "u:7").marks == {"dislike:5": START}
        assert state.shopper("default", "u:7").recent == []

    def test_what_has_faded_is_forgotten_in_both_windows_together(self, state):
        state.apply(make_batch([make_live_event(7, 0)]))
        state.apply(make_batch([make_live_event(8, 1)], expect=1, as_of=START + 9 * parameters.WEEK_SECONDS))
        assert set(values(state)) == {7, 8}
        state.apply(make_batch([make_live_event(9, 2)], expect=2, as_of=START + 10 * parameters.WEEK_SECONDS))
        assert set(values(state)) == {9}

    def test_what_a_shopper_did_until_then_is_forgotten(self, state):
        times = {5: START - 10, 6: START, 7: START + 10}
        events = [
            make_live_event(p, n, at=at, shoppers=("u:7", "s:9"), mark=f"wishlist:{p}")
            for n, (p, at) in enumerate(times.items())
        ]
        state.apply(make_batch(events))
        assert state.forget("default", "u:7", START) == Moved(2, 2)
        assert state.forget("default", "u:7", START) == Moved(0, 0)
        assert state.shopper("default", "u:7") == Shopper([(7, START + 10)], {"wishlist:7": START + 10})
        assert len(state.shopper("default", "s:9").recent) == 3
        assert values(state)[5][2] == 1  # the product's clicks stay
        assert state.forget("default", "s:9", math.inf) == Moved(3, 3)
        assert state.forget("other", "u:7", math.inf) == Moved(0, 0)

    def test_what_a_session_did_until_then_becomes_the_users(self, state):
        events = [
            make_live_event(5, 0, at=START, shoppers=("u:7",), mark="dislike:5"),
            make_live_event(5, 1, at=START + 5, shoppers=("s:9",), mark="wishlist:5"),
            make_live_event(6, 2, at=START - 5, shoppers=("s:9",)),
            make_live_event(8, 3, at=START + 60, shoppers=("s:9",)),
        ]
        state.apply(make_batch(events))
        assert state.merge("default", "s:9", "u:7", START + 5) == Moved(2, 1)
        assert state.merge("default", "s:9", "u:7", START + 5) == Moved(0, 0)
        merged = Shopper([(5, START + 5), (6, START - 5)], {"dislike:5": START, "wishlist:5": START + 5})
        assert state.shopper("default", "u:7") == merged
        assert state.shopper("default", "s:9") == Shopper([(8, START + 60)], {})

    def test_a_merged_list_keeps_its_newest_fifty(self, state):
        for first, shopper in ((1, "u:7"), (41, "s:9")):
            log = f"product_clicks@first/{first}"
            events = [make_live_event(first + n, n, log=log, at=START + n, shoppers=(shopper,)) for n in range(40)]
            state.apply(make_batch(events, log=log))
        state.merge("default", "s:9", "u:7", START + 100)
        recent = state.shopper("default", "u:7").recent
        assert (len(recent), recent[0][1], recent[-1][1]) == (50, START + 39, START + 15)
