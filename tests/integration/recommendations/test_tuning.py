"""What ``manage.py tune --save`` writes, in whose name, and what then serves."""

import json

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command

from recommendations import profiles
from recommendations.engine.weights import ScoringWeights
from recommendations.index import registry
from recommendations.index.build import parameters
from recommendations.models import IndexVersion, ScoringProfile
from recommendations.profiles import features_of, weights_of
from recommendations.tasks import rebuild_index
from sdr.accounts.models import Tenant, User
from tests.unit.recommendations.tuning.test_remaking import NAMED_ALIKE, pairs, session

SEARCHES = [
    "--test-days",
    "1",
    "--novel",
    "--search",
    "blend,fields",
    "--trials",
    "20",
    "--remakes",
    "12",
    "--draws",
    "0",
]


@pytest.fixture
def tune(tmp_path, tenant):
    """Tune a shop whose tags mislead, and whose shoppers go on to what is named alike."""
    (tmp_path / "shop.jsonl").write_text("".join(json.dumps(product) + "\n" for product in NAMED_ALIKE))
    alone = [line for p in NAMED_ALIKE for line in session(f"one-{p['sku']}", "2026-11-01T10", p["sku"])]
    log = [*alone, *pairs("2026-11-02"), *pairs("2026-11-03")]
    (tmp_path / "log.csv").write_text("\n".join(["user_id,session_id,sku,kind,occurred_at", *log]) + "\n")
    files = ["--products", f"{tmp_path}/shop.jsonl", "--interactions", f"{tmp_path}/log.csv"]

    def run(*arguments):
        call_command("tune", *files, *SEARCHES, "--tenant", "default", "--save", *arguments)

    return run


@pytest.fixture
def mira(tenant):
    return User.objects.create_superuser("mira")


def test_what_was_found_is_saved_in_the_name_of_who_asked(tune, tenant, mira, capsys):
    tune("--as", "mira")
    assert features_of(tenant).field_weights["name"] > features_of(tenant).field_weights["tags"]
    (entry,) = LogEntry.objects.filter(content_type__model="scoringprofile")
    assert entry.user == mira
    assert "log.csv" in entry.get_change_message()
    assert "Saved to the profile of default" in capsys.readouterr().out


def test_nothing_is_saved_in_the_name_of_who_may_not_edit_the_profile(tune, mira):
    User.objects.create_user("nobody", is_staff=True)
    for name in ("nobody", "who"):
        with pytest.raises(CommandError, match="nobody who may edit"):
            tune("--as", name)
    assert not ScoringProfile.objects.exists()


def test_what_somebody_has_chosen_stays_unless_it_may_go(tune, tenant, mira):
    chosen = ScoringProfile.objects.create(tenant=tenant, content=0.7, trend=0.3)
    with pytest.raises(CommandError, match="Somebody has chosen"):
        tune("--as", "mira")
    assert weights_of(tenant) == chosen.weights()
    tune("--as", "mira", "--replace")
    assert features_of(tenant) != chosen.features()


def test_nothing_is_saved_that_is_no_better(tune, tenant, mira):
    tune("--as", "mira")
    found = ScoringProfile.objects.get()
    with pytest.raises(CommandError, match="Nothing is saved"):
        tune("--as", "mira", "--replace")
    assert ScoringProfile.objects.get().features() == found.features()


def test_other_field_weights_bring_another_index(tenant):
    rebuild_index("default", regardless=True)
    assert not registry.is_outdated(tenant, parameters(features_of(tenant)))
    ScoringProfile.objects.create(tenant=tenant, field_description=0.0)
    rebuild_index("default")
    newest = IndexVersion.objects.order_by("-pk").first()
    assert newest.parameters["features"]["field_weights"]["description"] == 0.0
    assert not registry.is_outdated(tenant, parameters(features_of(tenant)))
    assert weights_of(tenant) == ScoringWeights()
    assert profiles.features_of(Tenant.objects.create(slug="other", name="Other")).field_weights["description"] == 1.0
