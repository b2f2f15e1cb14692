"""What goes out of a door to shoppers, told to whoever counts it."""

from events import served
from recommendations.answers import Recommendations


def told(tenant: str, answer: Recommendations) -> Recommendations:
    """Return ``answer``, and let Kafka know that it was shown. Waits for nothing; see :mod:`events.served`."""
    served.publish(
        recommendation_id=answer.recommendation_id,
        tenant=tenant,
        product_ids=answer.product_ids,
        reason_codes=[item.reason_code for item in answer.items],
        index_version=answer.index_version,
    )
    return answer
