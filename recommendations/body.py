"""The JSON of an answer, for every door that speaks JSON."""

from typing import Any

import orjson

from recommendations.answers import Explanation, Recommendations, TrendingProduct


def recommendations_body(found: Recommendations) -> dict[str, Any]:
    """Return what orjson makes the answer from; the products are ready-made pieces."""
    items: list[dict[str, Any]] = [
        {
            "product": orjson.Fragment(item.card),
            "score": item.score,
            "reason": item.reason,
            "reason_code": item.reason_code,
        }
        for item in found.items
    ]
    if found.has_evidence:
        for item, body in zip(found.items, items, strict=True):
            body["evidence"] = item.evidence
    return {
        "recommendations": items,
        "recommendation_id": found.recommendation_id,
        "index_version": found.index_version,
        "degraded": found.degraded,
    }


def trending_body(found: list[TrendingProduct]) -> dict[str, Any]:
    return {
        "trending": [
            {"product": orjson.Fragment(item.card), "score": item.score, "rising": item.rising} for item in found
        ]
    }


def explanation_body(found: Explanation) -> dict[str, Any]:
    return {
        "product": orjson.Fragment(found.product),
        "candidate": orjson.Fragment(found.candidate),
        "position": found.position,
        "score": found.score,
        "reason": found.reason,
        "reason_code": found.reason_code,
        "evidence": found.evidence,
        "dropped": found.dropped,
        "index_version": found.index_version,
        "degraded": found.degraded,
    }
