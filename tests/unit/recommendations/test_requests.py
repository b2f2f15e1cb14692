"""What may be asked over Kafka, what is answered to the rest, and when a request is done with."""

import json

import pytest

from events.broker.base import BEGINNING, Outcome, Partition
from events.broker.memory import MemoryBroker, MemorySource
from events.kinds import RECOMMENDATION_REQUESTS, RECOMMENDATION_RESPONSES
from recommendations.answering.answer import answer
from recommendations.answering.loop import Answering
from recommendations.answering.messages import Request, Unanswerable, checked, decode
from sdr.exceptions import InvalidInput, Unavailable


class Tenants:
    """A directory without Postgres."""

    def ids(self):
        return {"default": 1}


class MemoryCommittingSource:
    """The committing source over the memory broker: what was not committed is read again."""

    is_member = True

    def __init__(self, broker, committed):
        self._source, self._committed = MemorySource(broker, [RECOMMENDATION_REQUESTS]), committed
        assigned = self._source.assigned()
        self._source.seek({partition: committed.get(partition, BEGINNING) for partition in assigned})

    def read(self, max_records, timeout_seconds):
        return self._source.read(max_records, timeout_seconds)

    def commit(self, records):
        for record in records:
            self._committed[record.partition] = record.offset + 1

    def close(self):
        self._source.close()


class StubbornPublisher:
    """Fails as it is told to, then hands on to the broker."""

    def __init__(self, broker, *failures):
        self._broker, self._failures = broker, list(failures)

    def publish(self, messages, *, timeout_seconds):
        failure = self._failures.pop(0) if self._failures else Outcome.ACCEPTED
        if failure is Unavailable:
            raise Unavailable("The buffer is full.")
        if failure is Outcome.ACCEPTED:
            return self._broker.publish(messages)
        _, *rest = messages
        self._broker.publish(rest)
        return [failure] + [Outcome.ACCEPTED] * len(rest)


def request(**fields):
    return json.dumps(fields).encode()


def error_of(**fields):
    request_id, response = answer(request(request_id="r-1", **fields), Tenants())
    body = json.loads(response)
    assert (request_id, body["request_id"], body["schema_version"]) == ("r-1", "r-1", 1)
    return body["error"]


def responses(broker):
    logs = [log for partition, log in broker.logs.items() if partition.topic == RECOMMENDATION_RESPONSES]
    return sorted(json.loads(record.value)["request_id"] for log in logs for record in log)


def test_a_request_is_what_it_says():
    request_id, raw = decode(request(request_id="r-1", product_id=12, limit=3, tenant="shop", later="ignored"))
    assert request_id == "r-1"
    assert checked(raw) == Request(request_id="r-1", product_id=12, limit=3, tenant="shop")


@pytest.mark.parametrize(
    "value",
    [None, b"", b"{", b"\xff", b"[]", b"7", b"null", b"{}", b'{"request_id":7}', b'{"request_id":""}', b'"r-1"'],
)
def test_what_names_no_request_cannot_be_answered(value):
    with pytest.raises(Unanswerable):
        decode(value)


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("product_id", {}),
        ("product_id", {"product_id": "12"}),
        ("product_id", {"product_id": 0}),
        ("sku", {"sku": ""}),
        ("user_id", {"user_id": 7}),
        ("tenant", {"product_id": 1, "tenant": ""}),
        ("tenant", {"product_id": 1, "tenant": "nobody"}),
        ("limit", {"product_id": 1, "limit": 0}),
        ("limit", {"product_id": 1, "limit": 101}),
        ("limit", {"product_id": 1, "limit": "five"}),
        ("schema_version", {"product_id": 1, "schema_version": 2}),
        ("session_id", {"product_id": 1, "session_id": "s" * 201}),
        ("exclude", {"product_id": 1, "exclude": 7}),
        ("in_stock", {"product_id": 1, "in_stock": "yes"}),
        ("min_price", {"product_id": 1, "min_price": -1}),
    ],
)
def test_a_bad_request_is_answered_with_the_field_in_rests_shape(field, fields):
    error = error_of(**fields)
    assert error["code"] == "invalid"
    assert list(error["fields"]) == [field]
    assert error["message"] == f"{field}: {error['fields'][field][0]}"


def test_a_missing_limit_or_null_is_the_default():
    for fields in ({"product_id": 1}, {"product_id": 1, "limit": None}):
        assert checked({"request_id": "r", **fields}).limit is None


def test_a_tenant_directory_that_cannot_be_read_is_said_to_be_unavailable():
    class Unreadable:
        def ids(self):
            raise Unavailable("Postgres: away")

    _, response = answer(request(request_id="r-1", product_id=1), Unreadable())
    assert json.loads(response)["error"] == {"code": "unavailable", "message": "Postgres: away"}


def test_what_nobody_foresaw_is_answered_without_its_details(caplog):
    class Broken:
        def ids(self):
            raise ZeroDivisionError("secret")

    _, response = answer(request(request_id="r-1", product_id=1), Broken())
    error = json.loads(response)["error"]
    assert (error["code"], "secret" in error["message"]) == ("error", False)
    assert "ZeroDivisionError" in caplog.text


def test_an_invalid_input_names_its_field():
    with pytest.raises(InvalidInput) as caught:
        checked({"request_id": "r", "product_id": 1, "limit": 2.5})
    assert caught.value.field == "limit"


class TestAnswering:
    """The loop over a broker in memory."""

    @pytest.fixture
    def broker(self):
        made = MemoryBroker(n_partitions=1)
        partition = Partition(RECOMMENDATION_REQUESTS, 0)
        for value in (request(request_id="r-1", user_id="u"), b"garbage", request(request_id="r-2", user_id="u")):
            made.append(partition, value)
        return made

    @pytest.fixture
    def committed(self):
        return {}

    @pytest.fixture(autouse=True)
    def _no_database(self, monkeypatch):
        monkeypatch.setattr("recommendations.answering.loop.close_old_connections", lambda: None)

    def answering(self, broker, committed, publisher=None, **more):
        source = MemoryCommittingSource(broker, committed)
        return Answering(source, lambda: publisher or broker, Tenants(), **more)

    def test_garbage_is_skipped_and_its_neighbours_answered(self, broker, committed):
        self.answering(broker, committed).step()
        assert responses(broker) == ["r-1", "r-2"]
        assert list(committed.values()) == [3]

    @pytest.mark.parametrize("failure", [Unavailable, Outcome.UNKNOWN, Outcome.REJECTED])
    def test_what_was_not_acknowledged_is_sent_again_and_only_then_committed(
        self, broker, committed, failure, monkeypatch
    ):
        monkeypatch.setattr("recommendations.answering.loop.RETRY_SECONDS", 0)
        self.answering(broker, committed, StubbornPublisher(broker, failure, failure)).step()
        assert set(responses(broker)) == {"r-1", "r-2"}
        assert list(committed.values()) == [3]

    def test_a_stop_before_the_acknowledgement_leaves_the_requests_to_the_next(self, broker, committed):
        stopped = self.answering(broker, committed, StubbornPublisher(broker, Unavailable))
        stopped.stop()
        stopped.step()
        assert (responses(broker), committed) == ([], {})
        self.answering(broker, committed).step()
        assert responses(broker) == ["r-1", "r-2"]

    def test_what_was_committed_is_not_answered_again(self, broker, committed):
        for _ in range(2):
            self.answering(broker, committed).step()
        assert responses(broker) == ["r-1", "r-2"]

    def test_it_is_alive_while_it_works(self, broker, committed):
        beats = []
        self.answering(broker, committed, on_alive=lambda: beats.append(1)).step()
        assert beats == [1]
