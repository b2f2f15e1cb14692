from protos.catalog.v1 import catalog_pb2 as _catalog_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetRecommendationsRequest(_message.Message):
    __slots__ = ("product_id", "sku", "limit", "user_id", "session_id", "exclude", "category", "min_price", "max_price", "in_stock", "evidence", "strategy")
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
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
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
    strategy: str
    def __init__(self, product_id: _Optional[int] = ..., sku: _Optional[str] = ..., limit: _Optional[int] = ..., user_id: _Optional[str] = ..., session_id: _Optional[str] = ..., exclude: _Optional[_Iterable[int]] = ..., category: _Optional[str] = ..., min_price: _Optional[float] = ..., max_price: _Optional[float] = ..., in_stock: _Optional[bool] = ..., evidence: _Optional[bool] = ..., strategy: _Optional[str] = ...) -> None: ...

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
    __slots__ = ("term", "weight", "value", "contribution", "parts", "facts", "shared", "because", "lists")
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
    LISTS_FIELD_NUMBER: _ClassVar[int]
    term: str
    weight: float
    value: float
    contribution: float
    parts: _containers.RepeatedCompositeFieldContainer[Term]
    facts: _containers.ScalarMap[str, float]
    shared: _containers.RepeatedCompositeFieldContainer[SharedText]
    because: _containers.RepeatedCompositeFieldContainer[Because]
    lists: _containers.RepeatedCompositeFieldContainer[Lead]
    def __init__(self, term: _Optional[str] = ..., weight: _Optional[float] = ..., value: _Optional[float] = ..., contribution: _Optional[float] = ..., parts: _Optional[_Iterable[_Union[Term, _Mapping]]] = ..., facts: _Optional[_Mapping[str, float]] = ..., shared: _Optional[_Iterable[_Union[SharedText, _Mapping]]] = ..., because: _Optional[_Iterable[_Union[Because, _Mapping]]] = ..., lists: _Optional[_Iterable[_Union[Lead, _Mapping]]] = ...) -> None: ...

class Lead(_message.Message):
    __slots__ = ("product_id", "name", "position", "times", "share", "value")
    PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    TIMES_FIELD_NUMBER: _ClassVar[int]
    SHARE_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    product_id: int
    name: str
    position: int
    times: int
    share: float
    value: float
    def __init__(self, product_id: _Optional[int] = ..., name: _Optional[str] = ..., position: _Optional[int] = ..., times: _Optional[int] = ..., share: _Optional[float] = ..., value: _Optional[float] = ...) -> None: ...

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

class GetUserRecommendationsRequest(_message.Message):
    __slots__ = ("user_id", "limit", "session_id", "exclude", "category", "min_price", "max_price", "in_stock", "evidence")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    MIN_PRICE_FIELD_NUMBER: _ClassVar[int]
    MAX_PRICE_FIELD_NUMBER: _ClassVar[int]
    IN_STOCK_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    limit: int
    session_id: str
    exclude: _containers.RepeatedScalarFieldContainer[int]
    category: str
    min_price: float
    max_price: float
    in_stock: bool
    evidence: bool
    def __init__(self, user_id: _Optional[str] = ..., limit: _Optional[int] = ..., session_id: _Optional[str] = ..., exclude: _Optional[_Iterable[int]] = ..., category: _Optional[str] = ..., min_price: _Optional[float] = ..., max_price: _Optional[float] = ..., in_stock: _Optional[bool] = ..., evidence: _Optional[bool] = ...) -> None: ...

class GetUserRecommendationsResponse(_message.Message):
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

class GetTrendingProductsRequest(_message.Message):
    __slots__ = ("limit", "user_id", "session_id", "exclude", "category", "min_price", "max_price", "in_stock")
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    MIN_PRICE_FIELD_NUMBER: _ClassVar[int]
    MAX_PRICE_FIELD_NUMBER: _ClassVar[int]
    IN_STOCK_FIELD_NUMBER: _ClassVar[int]
    limit: int
    user_id: str
    session_id: str
    exclude: _containers.RepeatedScalarFieldContainer[int]
    category: str
    min_price: float
    max_price: float
    in_stock: bool
    def __init__(self, limit: _Optional[int] = ..., user_id: _Optional[str] = ..., session_id: _Optional[str] = ..., exclude: _Optional[_Iterable[int]] = ..., category: _Optional[str] = ..., min_price: _Optional[float] = ..., max_price: _Optional[float] = ..., in_stock: _Optional[bool] = ...) -> None: ...

class GetTrendingProductsResponse(_message.Message):
    __slots__ = ("trending",)
    TRENDING_FIELD_NUMBER: _ClassVar[int]
    trending: _containers.RepeatedCompositeFieldContainer[TrendingProduct]
    def __init__(self, trending: _Optional[_Iterable[_Union[TrendingProduct, _Mapping]]] = ...) -> None: ...

class TrendingProduct(_message.Message):
    __slots__ = ("product", "score", "rising")
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    RISING_FIELD_NUMBER: _ClassVar[int]
    product: _catalog_pb2.Product
    score: float
    rising: float
    def __init__(self, product: _Optional[_Union[_catalog_pb2.Product, _Mapping]] = ..., score: _Optional[float] = ..., rising: _Optional[float] = ...) -> None: ...

class ExplainRecommendationRequest(_message.Message):
    __slots__ = ("list", "candidate_id", "candidate_sku")
    LIST_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_ID_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_SKU_FIELD_NUMBER: _ClassVar[int]
    list: GetRecommendationsRequest
    candidate_id: int
    candidate_sku: str
    def __init__(self, list: _Optional[_Union[GetRecommendationsRequest, _Mapping]] = ..., candidate_id: _Optional[int] = ..., candidate_sku: _Optional[str] = ...) -> None: ...

class ExplainRecommendationResponse(_message.Message):
    __slots__ = ("product", "candidate", "position", "score", "reason", "reason_code", "evidence", "dropped", "index_version", "degraded")
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REASON_CODE_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    INDEX_VERSION_FIELD_NUMBER: _ClassVar[int]
    DEGRADED_FIELD_NUMBER: _ClassVar[int]
    product: _catalog_pb2.Product
    candidate: _catalog_pb2.Product
    position: int
    score: float
    reason: str
    reason_code: str
    evidence: Evidence
    dropped: Dropped
    index_version: str
    degraded: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, product: _Optional[_Union[_catalog_pb2.Product, _Mapping]] = ..., candidate: _Optional[_Union[_catalog_pb2.Product, _Mapping]] = ..., position: _Optional[int] = ..., score: _Optional[float] = ..., reason: _Optional[str] = ..., reason_code: _Optional[str] = ..., evidence: _Optional[_Union[Evidence, _Mapping]] = ..., dropped: _Optional[_Union[Dropped, _Mapping]] = ..., index_version: _Optional[str] = ..., degraded: _Optional[_Iterable[str]] = ...) -> None: ...

class Dropped(_message.Message):
    __slots__ = ("stage", "rule", "shown_product_id", "score_to_beat")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    SHOWN_PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    SCORE_TO_BEAT_FIELD_NUMBER: _ClassVar[int]
    stage: str
    rule: str
    shown_product_id: int
    score_to_beat: float
    def __init__(self, stage: _Optional[str] = ..., rule: _Optional[str] = ..., shown_product_id: _Optional[int] = ..., score_to_beat: _Optional[float] = ...) -> None: ...
