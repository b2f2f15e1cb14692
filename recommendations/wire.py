"""A ranking as the bytes that go over the wire, put together from ready-made pieces.

Making message objects from cards cost five times as much. Field numbers are those of the proto file, asked at import;
``tests/unit/recommendations/test_wire.py`` holds the bytes to what the message would be.
"""

import struct
from functools import lru_cache
from typing import Any

import orjson
from google.protobuf.json_format import ParseDict

from protos.catalog.v1.catalog_pb2 import Product
from protos.recommendations.v1 import recommendations_pb2 as messages
from recommendations.answers import Recommendations

_FIXED_64, _LENGTH_DELIMITED = 1, 2
_MORE, _LOW_BITS = 0x80, 0x7F
_DOUBLE = struct.Struct("<d").pack
# About a kilobyte each, for the products that are shown most.
_MAX_CARDS = 10_000
_MAX_REASONS = 1_000
_MAX_LENGTHS = 4_000


def ranking_bytes(answer: Recommendations) -> bytes:
    """Return a GetRecommendationsResponse, or a GetUserRecommendationsResponse, which has the same fields."""
    pieces: list[bytes] = []
    for item in answer.items:
        product, why = _product(item.card), _why(item.reason, item.reason_code)
        evidence = _evidence(item.evidence) if item.evidence else b""
        size = len(product) + _SCORE_SIZE + len(why) + len(evidence)
        pieces += (_RECOMMENDATIONS, _varint(size), product, _SCORE, _DOUBLE(item.score), why, evidence)
    rest = messages.GetRecommendationsResponse(
        recommendation_id=answer.recommendation_id, index_version=answer.index_version, degraded=answer.degraded
    )
    pieces.append(rest.SerializeToString())
    return b"".join(pieces)


def product_of(card: bytes) -> Product:
    """Return a card as a message: it has the fields of it, by the same names; null leaves one absent."""
    return Product(**orjson.loads(card))


def evidence_of(terms: dict[str, Any]) -> messages.Evidence:
    """Return evidence as a message: its JSON has the names of it."""
    return ParseDict(terms, messages.Evidence())


def _evidence(terms: dict[str, Any]) -> bytes:
    return _EVIDENCE + _sized(evidence_of(terms).SerializeToString())


@lru_cache(_MAX_CARDS)
def _product(card: bytes) -> bytes:
    # By the card itself, so that an edit, or another tenant's product, is never shown for it.
    return _PRODUCT + _sized(product_of(card).SerializeToString())


@lru_cache(_MAX_REASONS)
def _why(reason: str, reason_code: str) -> bytes:
    return messages.Recommendation(reason=reason, reason_code=reason_code).SerializeToString()


def _sized(content: bytes) -> bytes:
    return _varint(len(content)) + content


# Most pieces have one of so many lengths.
@lru_cache(_MAX_LENGTHS)
def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > _LOW_BITS:
        encoded.append(number & _LOW_BITS | _MORE)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def _tag(message: type, field: str, wire_type: int) -> bytes:
    number: int = message.DESCRIPTOR.fields_by_name[field].number  # type: ignore[attr-defined]
    return _varint(number << 3 | wire_type)


_RECOMMENDATIONS = _tag(messages.GetRecommendationsResponse, "recommendations", _LENGTH_DELIMITED)
_PRODUCT = _tag(messages.Recommendation, "product", _LENGTH_DELIMITED)
_SCORE = _tag(messages.Recommendation, "score", _FIXED_64)
_SCORE_SIZE = len(_SCORE) + len(_DOUBLE(0.0))
_EVIDENCE = _tag(messages.Recommendation, "evidence", _LENGTH_DELIMITED)
