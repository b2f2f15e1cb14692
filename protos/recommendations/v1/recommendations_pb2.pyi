from protos.catalog.v1 import catalog_pb2 as _catalog_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetRecommendationsRequest(_message.Message):
    __slots__ = ("product_id", "sku", "limit", "user_id", "session_id", "exclude", "category", "min_price", "max_price", "in_stock", "evidence")
    PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    MIN_PRICE_FIELD_NUMBER: _ClassVar[int]
    MAX_PRICE_FIELD_NUMBER: _ClassVar[int]
    IN_STOCK_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    product_id: int
    sku: str
    limit: int
    user_id: str
    session_id: str
    exclude: _containers.RepeatedScalarFieldContainer[int]
    category: str
    min_price: float
    max_price: float
    in_stock: bool
    evidence: bool
    def __init__(self, product_id: _Optional[int] = ..., sku: _Optional[str] = ..., limit: _Optional[int] = ..., user_id: _Optional[str] = ..., session_id: _Optional[str] = ..., exclude: _Optional[_Iterable[int]] = ..., category: _Optional[str] = ..., min_price: _Optional[float] = ..., max_price: _Optional[float] = ..., in_stock: _Optional[bool] = ..., evidence: _Optional[bool] = ...) -> None: ...

class GetRecommendationsResponse(_message.Message):
    __slots__ = ("recommendations", "recommendation_id", "index_version", "degraded")
    RECOMMENDATIONS_FIELD_NUMBER: _ClassVar[int]
    RECOMMENDATION_ID_FIELD_NUMBER: _ClassVar[int]
    INDEX_VERSION_FIELD_NUMBER: _ClassVar[int]
    DEGRADED_FIELD_NUMBER: _ClassVar[int]
    recommendations: _containers.RepeatedCompositeFieldContainer[Recommendation]
    recommendation_id: str
    index_version: str
    degraded: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, recommendations: _Optional[_Iterable[_Union[Recommendation, _Mapping]]] = ..., recommendation_id: _Optional[str] = ..., index_version: _Optional[str] = ..., degraded: _Optional[_Iterable[str]] = ...) -> None: ...

class Recommendation(_message.Message):
    __slots__ = ("product", "score", "reason", "reason_code", "evidence")
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REASON_CODE_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    product: _catalog_pb2.Product
    score: float
    reason: str
    reason_code: str
    evidence: Evidence
    def __init__(self, product: _Optional[_Union[_catalog_pb2.Product, _Mapping]] = ..., score: _Optional[float] = ..., reason: _Optional[str] = ..., reason_code: _Optional[str] = ..., evidence: _Optional[_Union[Evidence, _Mapping]] = ...) -> None: ...

class Evidence(_message.Message):
    __slots__ = ("terms",)
    TERMS_FIELD_NUMBER: _ClassVar[int]
    terms: _containers.RepeatedCompositeFieldContainer[Term]
    def __init__(self, terms: _Optional[_Iterable[_Union[Term, _Mapping]]] = ...) -> None: ...

class Term(_message.Message):
    __slots__ = ("term", "weight", "value", "contribution", "parts", "facts", "shared", "because")
    class FactsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    TERM_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    CONTRIBUTION_FIELD_NUMBER: _ClassVar[int]
    PARTS_FIELD_NUMBER: _ClassVar[int]
    FACTS_FIELD_NUMBER: _ClassVar[int]
    SHARED_FIELD_NUMBER: _ClassVar[int]
    BECAUSE_FIELD_NUMBER: _ClassVar[int]
    term: str
    weight: float
    value: float
    contribution: float
    parts: _containers.RepeatedCompositeFieldContainer[Term]
    facts: _containers.ScalarMap[str, float]
    shared: _containers.RepeatedCompositeFieldContainer[SharedText]
    because: _containers.RepeatedCompositeFieldContainer[Because]
    def __init__(self, term: _Optional[str] = ..., weight: _Optional[float] = ..., value: _Optional[float] = ..., contribution: _Optional[float] = ..., parts: _Optional[_Iterable[_Union[Term, _Mapping]]] = ..., facts: _Optional[_Mapping[str, float]] = ..., shared: _Optional[_Iterable[_Union[SharedText, _Mapping]]] = ..., because: _Optional[_Iterable[_Union[Because, _Mapping]]] = ...) -> None: ...

class SharedText(_message.Message):
    __slots__ = ("text", "contribution")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    CONTRIBUTION_FIELD_NUMBER: _ClassVar[int]
    text: str
    contribution: float
    def __init__(self, text: _Optional[str] = ..., contribution: _Optional[float] = ...) -> None: ...

class Because(_message.Message):
    __slots__ = ("product_id", "name", "position", "cosine", "value")
    PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    COSINE_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    product_id: int
    name: str
    position: int
    cosine: float
    value: float
    def __init__(self, product_id: _Optional[int] = ..., name: _Optional[str] = ..., position: _Optional[int] = ..., cosine: _Optional[float] = ..., value: _Optional[float] = ...) -> None: ...
