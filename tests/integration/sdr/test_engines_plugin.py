import pytest
from django.db import connection


@pytest.mark.django_db
def test_django_reaches_the_embedded_postgres():
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        assert int(cursor.fetchone()[0]) >= 180000


def test_valkey_answers_and_is_empty(redis_client):
    assert redis_client.dbsize() == 0
    assert redis_client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
