"""Weights that were found are saved over defaults, with who and why; never silently over what somebody chose."""

from dataclasses import replace

import pytest
from django.contrib.admin.models import LogEntry

from recommendations.engine.feature_parameters import FeatureParameters
from recommendations.engine.weights import ScoringWeights
from recommendations.models import ScoringProfile
from recommendations.profiles import Numbers, features_of, save, weights_of
from sdr.accounts.models import Tenant, User
from sdr.exceptions import Conflict

pytestmark = pytest.mark.django_db
DEFAULTS = ScoringWeights()
FOUND = replace(DEFAULTS, sequence=0.9, n_sequence=7)


@pytest.fixture
def shop():
    return Tenant.objects.get(slug="default")


@pytest.fixture
def editor():
    return User.objects.create_user("mira", is_staff=True)


def test_over_defaults_they_are_saved_and_the_history_says_who_and_why(shop, editor):
    profile = save(shop, Numbers(FOUND), found_from=Numbers(), by=editor, why="Tuned on november.csv.")
    assert weights_of(shop) == FOUND
    entry = LogEntry.objects.get(object_id=profile.pk, content_type__model="scoringprofile")
    assert (entry.user, entry.get_change_message()) == (editor, "Tuned on november.csv.")


def test_what_somebody_chose_stays_unless_it_is_to_be_replaced(shop, editor):
    chosen = ScoringProfile.objects.create(tenant=shop, content=0.6, trend=0.4).weights()
    with pytest.raises(Conflict, match="Somebody has chosen"):
        save(shop, Numbers(FOUND), found_from=Numbers(chosen), by=editor, why="")
    assert weights_of(shop) == chosen
    save(shop, Numbers(FOUND), found_from=Numbers(chosen), by=editor, why="", replace=True)
    assert weights_of(shop) == FOUND


def test_what_was_edited_during_the_search_stays(shop, editor):
    edited = ScoringProfile.objects.create(tenant=shop, content=0.6, trend=0.4).weights()
    with pytest.raises(Conflict, match="edited while"):
        save(shop, Numbers(FOUND), found_from=Numbers(), by=editor, why="", replace=True)
    assert weights_of(shop) == edited
    assert not LogEntry.objects.exists()


def test_fields_of_texts_are_saved_beside_weights_and_defended_like_them(shop, editor):
    chosen = FeatureParameters(field_weights={"category": 0.5, "tags": 4.0, "description": 0.0, "name": 2.0})
    save(shop, Numbers(FOUND, chosen), found_from=Numbers(), by=editor, why="")
    assert (weights_of(shop), features_of(shop)) == (FOUND, chosen)
    with pytest.raises(Conflict, match="edited while"):
        save(shop, Numbers(FOUND), found_from=Numbers(FOUND), by=editor, why="", replace=True)
    assert features_of(shop) == chosen
