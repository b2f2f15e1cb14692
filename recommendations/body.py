"""The JSON of an answer, for every door that speaks JSON."""

from typing import Any

import orjson

from recommendations.services import Recommendations


def recommendations_body(found: Recommendations) -> dict[str, Any]:
    """Return what orjson makes the answer from; the products are ready-made pieces."""
    return {
        "recommendations": [
            {
                "product": orjson.Fragment(item.card),
                "score": item.score,
                "reason": item.reason,
                "reason_code": item.reason_code,
            }
            for item in found.items
        ],
        "recommendation_id": found.recommendation_id,
        "index_version": found.index_version,
        "degraded": found.degraded,
    }
