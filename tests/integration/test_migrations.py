"""What migrations do to rows that are there: to shops that have chosen nothing, and to those that have."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

pytestmark = pytest.mark.django_db
UNTUNED, TUNED = ("recommendations", "0006_quality"), ("recommendations", "0007_tuned_sequence_weights")


def migrate(to):
    """Go there, and return the models as they are there. All of it is rolled back with the test."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # no table is altered while a check of its rows is pending
    executor = MigrationExecutor(connection)
    executor.migrate([to])
    return executor.loader.project_state([to]).apps


def sequence_weights(apps):
    profiles = apps.get_model("recommendations", "ScoringProfile").objects.order_by("tenant__slug")
    return list(profiles.values_list("sequence", "sequence_decay", "min_sequence_weight"))


def test_profiles_with_the_old_defaults_get_the_new_ones_and_others_stay():
    apps = migrate(UNTUNED)
    for slug, chosen in {"a": {}, "b": {"sequence": 0.9}, "c": {"content": 0.7, "trend": 0.3}}.items():
        tenant = apps.get_model("accounts", "Tenant").objects.create(slug=slug, name=slug)
        apps.get_model("recommendations", "ScoringProfile").objects.create(tenant=tenant, **chosen)
    old = sequence_weights(apps)
    assert old == [(0.5, 0.7165, 3.0), (0.9, 0.7165, 3.0), (0.5, 0.7165, 3.0)]
    assert sequence_weights(migrate(TUNED)) == [(0.6, 0.5, 2.0), (0.9, 0.7165, 3.0), (0.6, 0.5, 2.0)]
    assert sequence_weights(migrate(UNTUNED)) == old
