"""A log through the real pipeline: what is served to a question is what was learned until then, and nothing later."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from events.live.redis import RedisLiveState
from recommendations.evaluation.dataset import Cut, Source
from recommendations.evaluation.offline import CannotBeReplayed, Question
from recommendations.evaluation.splits import Targets
from recommendations.replay.evaluate import evaluate
from sdr import clock
from sdr.accounts.models import Tenant
from tests.integration.recommendations.conftest import _clean_place, _patient  # noqa: F401  fixtures

N_SESSIONS, N_PAIRS = 40, 5
MONDAY = datetime(2020, 6, 1, tzinfo=UTC)


@pytest.fixture
def tenant(transactional_db):
    """A tenant of this test alone: the broker's log outlives a test."""
    return Tenant.objects.create(slug=f"t-{uuid.uuid4().hex[:8]}", name="Test")


@pytest.fixture
def log(tmp_path):
    """Sessions one after the other, each from a product to its partner; sixty other products were bought before."""
    path = tmp_path / "log.csv"
    lines = [f"old-{n},,other{n},purchase,{MONDAY - timedelta(days=2)}" for n in range(60)]
    for n in range(N_SESSIONS):
        at = MONDAY + timedelta(minutes=10 * n)
        lines += [f",s-{n},from{n % N_PAIRS},click,{at}", f",s-{n},to{n % N_PAIRS},click,{at + timedelta(minutes=1)}"]
    path.write_text("user_id,session_id,sku,kind,occurred_at\n" + "\n".join(lines) + "\n")
    return str(path)


@pytest.fixture
def ask(tenant):
    def ask(source, **options):
        question = Question(source, scorers=("popularity", "blend"), n_draws=20, **options)
        return evaluate(tenant, question, pytest.fail, lambda *_step: None)

    return ask


@pytest.mark.usefixtures("_patient")
def test_the_service_knows_at_each_question_what_happened_before_it(ask, log, tenant):
    before = clock.now_seconds()
    answer = ask(Source(Cut.LAST, log))
    rows = {row.scorer: row for row in answer.rows}
    # The first of each pair nobody could know; of the others the partner was met next by somebody before.
    known = (N_SESSIONS - N_PAIRS) / N_SESSIONS
    assert rows["live"].metrics["mrr@20"] >= known
    assert rows["live"].metrics["hit_rate@5"] < 1.0
    # Offline nobody learns from the test part, where alone sessions go on to partners.
    assert rows["blend"].metrics["mrr@20"] < known / 2
    assert rows["live"].gains["mrr@20"][0] < 0
    assert answer.as_json()["data"]["live"]["n_answers_lacking"] == {}
    clicks = RedisLiveState().products(tenant.slug).clicks
    assert sum(clicks.tolist()) == 2 * N_SESSIONS - 1  # what was asked for last is not sent
    assert 0 <= clock.now_seconds() - before < 3600  # the clock goes on where it was


@pytest.mark.parametrize("options", [{"targets": Targets.REST}, {"cut": Cut.SESSIONS}])
def test_what_only_a_log_can_be_asked_is_refused(ask, options, log):
    cut = options.pop("cut", Cut.LAST)
    with pytest.raises(CannotBeReplayed):
        ask(Source(cut, log, log), **options)
