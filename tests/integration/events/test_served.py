"""What was shown, as a reader of its topic gets it."""

import uuid
from datetime import datetime

import orjson

from events import served
from events.broker import offhand
from events.broker.reading import read_to_end
from events.broker.topics import ensure_topics
from events.kinds import RECOMMENDATIONS_SERVED
from sdr import clock


def test_an_answer_is_in_the_topic_as_the_contract_says():
    ensure_topics([RECOMMENDATIONS_SERVED])
    answer = str(uuid.uuid4())
    served.publish(
        recommendation_id=answer, tenant="default", product_ids=[7, 3], reason_codes=["similar", "new"],
        index_version="v1",
    )  # fmt: skip
    offhand.close()
    (message,) = [
        found for r in read_to_end([RECOMMENDATIONS_SERVED]) if (found := orjson.loads(r.value or b"{}")) if answer
        in str(found)
    ]  # fmt: skip
    assert datetime.fromisoformat(message.pop("served_at")) <= clock.now()
    assert message == {
        "schema_version": 1,
        "recommendation_id": answer,
        "tenant": "default",
        "product_ids": [7, 3],
        "positions": [0, 1],
        "reason_codes": ["similar", "new"],
        "index_version": "v1",
        "sample_rate": 1.0,
    }
