"""What every state of what follows what must do. A subclass provides the fixture ``state``."""

import math
import uuid

import pytest

from events.kinds import TREND_WEIGHTS, Kind
from events.live.base import NO_OFFSET, Applied, Batch, Moved, Step, WentBack
from events.live.sequences import parameters
from events.live.sequences.base import StepEvent
from events.live.sequences.kinds import Following
from events.live.sequences.sessions import KIND_NUMBERS
from tests.unit.events.factories import LOG, START, make_batch

VIEWED, BOUGHT, ENDED = Following
RATE = parameters.decay_rate(30)
NEXT = math.exp(-1 / 3)


def make_step(product_id, offset=0, *, kind=Kind.CLICK, at=None, session="s:1", log=LOG, event_id=None):
    at = START + offset if at is None else at
    met = (product_id, KIND_NUMBERS[kind], round(at * 1000))
    return StepEvent(log, offset, event_id or uuid.uuid4().bytes, session, *met, TREND_WEIGHTS[kind])


def clicks(*products, **fields):
    return [make_step(product, offset, **fields) for offset, product in enumerate(products)]


def weights(state, product, kind=VIEWED, tenant="default"):
    """Return follower → (weight at START, count)."""
    listed = state.following(tenant, kind, product)
    rows = zip(listed.product_ids.tolist(), listed.scores.tolist(), listed.counts.tolist(), strict=True)
    return {follower: (math.exp(score - RATE * START), count) for follower, score, count in rows}


def near(weight, count=1):
    return (pytest.approx(weight, rel=1e-4), count)


class SequenceStateContract:
    def test_what_is_met_next_follows_and_leads_back_half_as_much(self, state):
        state.apply(make_batch(clicks(1, 2)))
        assert weights(state, 1) == {2: near(NEXT)}
        assert weights(state, 2) == {1: near(NEXT / 2)}
        assert weights(state, 1, tenant="other") == {}

    def test_what_was_learned_a_half_life_ago_weighs_half(self, state):
        day = 24 * 3600
        state.apply(make_batch(clicks(1, 2, at=START - 30 * day)))
        state.apply(make_batch([make_step(1, 2, session="s:2"), make_step(3, 3, session="s:2")], expect=2))
        assert weights(state, 1) == {2: near(NEXT / 2), 3: near(NEXT)}

    def test_sessions_add_up(self, state):
        for number in range(3):
            events = [make_step(p, 2 * number + i, session=f"s:{number}") for i, p in enumerate((1, 2))]
            state.apply(make_batch(events, expect=2 * number or -1))
        assert weights(state, 1) == {2: near(3 * NEXT, 3)}

    def test_a_batch_that_is_delivered_again_teaches_nothing(self, state):
        batch = make_batch(clicks(1, 2, 3))
        assert state.apply(batch) == Applied(3, 0, 0)
        before = weights(state, 1)
        assert state.apply(batch) == Applied(0, 0, 3)
        assert weights(state, 1) == before
        assert len(state.session("default", "s:1")) == 3

    def test_an_event_that_was_sent_twice_is_one_step(self, state):
        events = [make_step(1), make_step(2, 1, event_id=b"2" * 16), make_step(2, 2, event_id=b"2" * 16)]
        assert state.apply(make_batch(events)) == Applied(2, 1, 0)
        assert len(state.session("default", "s:1")) == 2

    def test_a_consumer_that_is_ahead_of_the_state_changes_nothing_and_is_told(self, state):
        with pytest.raises(WentBack):
            state.apply(make_batch(clicks(1, 2), expect=9))
        assert weights(state, 1) == {}
        assert state.offsets(["default"], [LOG])["default", LOG] == NO_OFFSET

    def test_a_call_without_events_moves_the_offset_on(self, state):
        state.apply(Batch("default", [Step(LOG, NO_OFFSET, 12, 0)], START))
        assert state.offsets(["default"], [LOG])["default", LOG] == 12

    def test_sessions_go_on_from_one_batch_to_the_next(self, state):
        state.apply(make_batch(clicks(1)))
        state.apply(make_batch([make_step(2, 1)], expect=1))
        assert weights(state, 1) == {2: near(NEXT)}

    def test_steps_from_several_logs_stand_in_the_order_they_were_read(self, state):
        other = "user_behavior@first/0"
        events = [make_step(1, 5, log=other, at=START), make_step(2, 0, at=START), make_step(3, 6, log=other, at=START)]
        steps = [Step(LOG, -1, 1, 100), Step(other, -1, 7, 100)]
        state.apply(Batch("default", steps, START, events))
        assert [met.product_id for met in state.session("default", "s:1")] == [1, 2, 3]

    def test_a_full_list_keeps_the_best(self, state, monkeypatch):
        monkeypatch.setattr(parameters, "MAX_LISTED", 3)
        kinds = [Kind.CLICK, Kind.VIEW, Kind.PURCHASE, Kind.ADD_TO_CART, Kind.WISHLIST]
        for number, kind in enumerate(kinds):
            session = f"s:{number}"
            steps = [make_step(1, 2 * number, session=session)]
            steps += [make_step(10 + number, 2 * number + 1, session=session, kind=kind)]
            state.apply(make_batch(steps, expect=2 * number or -1))
        assert set(weights(state, 1)) == {12, 13, 14}

    def test_who_is_listed_gains_before_newcomers_are_let_in(self, state, monkeypatch):
        monkeypatch.setattr(parameters, "MAX_LISTED", 1)
        state.apply(make_batch(clicks(1, 2)))
        again = [make_step(1, 2, session="s:2"), make_step(2, 3, session="s:2", kind=Kind.ADD_TO_CART)]
        newcomer = [make_step(1, 4, session="s:3"), make_step(3, 5, session="s:3", kind=Kind.ADD_TO_CART)]
        state.apply(make_batch([*newcomer, *again], expect=2))
        assert weights(state, 1) == {2: near(4 * NEXT, 2)}

    def test_of_two_that_weigh_the_same_the_newcomer_stays(self, state, monkeypatch):
        monkeypatch.setattr(parameters, "MAX_LISTED", 1)
        for number, product in enumerate((2, 3)):
            events = [make_step(p, 2 * number + i, session=f"s:{number}", at=START) for i, p in enumerate((1, product))]
            state.apply(make_batch(events, expect=2 * number or -1))
        assert weights(state, 1) == {3: near(NEXT)}

    def test_fifty_steps_in_a_moment_are_a_robots(self, state, monkeypatch):
        monkeypatch.setattr(parameters, "MAX_STEPS", 5)
        state.apply(make_batch(clicks(1, 2, 3, 4, 5, 6, 7)))
        assert weights(state, 6) == weights(state, 7) == {}
        state.apply(make_batch([make_step(8, 7, at=START + 400)], expect=7))
        assert 7 in weights(state, 8)

    @pytest.mark.parametrize(("silence_ms", "follows"), [(-1, True), (0, True), (1, False)])
    @pytest.mark.parametrize("is_late", [False, True])
    def test_a_session_ends_after_more_than_half_an_hour_of_silence(self, state, silence_ms, follows, is_late):
        steps = [make_step(1), make_step(2, 1, at=START + (parameters.SILENCE_MS + silence_ms) / 1000)]
        state.apply(make_batch(steps[::-1] if is_late else steps))
        assert set(weights(state, 1)) == ({2} if follows else set())
        assert set(weights(state, 2)) == ({1} if follows else set())

    def test_who_opens_a_session_for_every_click_teaches_nothing(self, state):
        steps = [make_step(product, product, session=f"s:{product}") for product in range(60)]
        state.apply(make_batch(steps))
        assert all(weights(state, product, kind) == {} for product in range(60) for kind in Following)

    def test_what_a_session_met_until_then_is_forgotten_and_what_it_taught_stays(self, state):
        state.apply(make_batch(clicks(1, 2, 3)))
        assert state.forget("default", "s:1", START + 1) == Moved(2, 0)
        assert [met.product_id for met in state.session("default", "s:1")] == [3]
        assert state.forget("default", "s:1", math.inf) == Moved(1, 0)
        assert state.session("default", "s:1") == []
        assert state.forget("default", "s:1", math.inf) == Moved(0, 0)
        assert weights(state, 1)[2] == near(NEXT)

    def test_a_merge_leaves_the_session_under_its_name(self, state):
        state.apply(make_batch(clicks(1)))
        state.merge("default", "s:1", "u:7", START + 9)
        assert (len(state.session("default", "s:1")), state.session("default", "u:7")) == (1, [])
