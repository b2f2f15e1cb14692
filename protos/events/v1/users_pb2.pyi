import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from protos.events.v1 import events_pb2 as _events_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class User(_message.Message):
    __slots__ = ("user_id", "preferences")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    PREFERENCES_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    preferences: Preferences
    def __init__(self, user_id: _Optional[str] = ..., preferences: _Optional[_Union[Preferences, _Mapping]] = ...) -> None: ...

class Preferences(_message.Message):
    __slots__ = ("favorite_categories", "category_weights", "hidden_categories")
    class CategoryWeightsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    FAVORITE_CATEGORIES_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_WEIGHTS_FIELD_NUMBER: _ClassVar[int]
    HIDDEN_CATEGORIES_FIELD_NUMBER: _ClassVar[int]
    favorite_categories: _containers.RepeatedScalarFieldContainer[str]
    category_weights: _containers.ScalarMap[str, float]
    hidden_categories: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, favorite_categories: _Optional[_Iterable[str]] = ..., category_weights: _Optional[_Mapping[str, float]] = ..., hidden_categories: _Optional[_Iterable[str]] = ...) -> None: ...

class GetUserRequest(_message.Message):
    __slots__ = ("user_id",)
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    def __init__(self, user_id: _Optional[str] = ...) -> None: ...

class GetUserResponse(_message.Message):
    __slots__ = ("user",)
    USER_FIELD_NUMBER: _ClassVar[int]
    user: User
    def __init__(self, user: _Optional[_Union[User, _Mapping]] = ...) -> None: ...

class Slugs(_message.Message):
    __slots__ = ("slugs",)
    SLUGS_FIELD_NUMBER: _ClassVar[int]
    slugs: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, slugs: _Optional[_Iterable[str]] = ...) -> None: ...

class UpdateUserPreferencesRequest(_message.Message):
    __slots__ = ("user_id", "favorite_categories", "category_weights", "removed_category_weights", "hidden_categories")
    class CategoryWeightsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    FAVORITE_CATEGORIES_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_WEIGHTS_FIELD_NUMBER: _ClassVar[int]
    REMOVED_CATEGORY_WEIGHTS_FIELD_NUMBER: _ClassVar[int]
    HIDDEN_CATEGORIES_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    favorite_categories: Slugs
    category_weights: _containers.ScalarMap[str, float]
    removed_category_weights: _containers.RepeatedScalarFieldContainer[str]
    hidden_categories: Slugs
    def __init__(self, user_id: _Optional[str] = ..., favorite_categories: _Optional[_Union[Slugs, _Mapping]] = ..., category_weights: _Optional[_Mapping[str, float]] = ..., removed_category_weights: _Optional[_Iterable[str]] = ..., hidden_categories: _Optional[_Union[Slugs, _Mapping]] = ...) -> None: ...

class UpdateUserPreferencesResponse(_message.Message):
    __slots__ = ("preferences",)
    PREFERENCES_FIELD_NUMBER: _ClassVar[int]
    preferences: Preferences
    def __init__(self, preferences: _Optional[_Union[Preferences, _Mapping]] = ...) -> None: ...

class GetBehaviorHistoryRequest(_message.Message):
    __slots__ = ("user_id", "kinds", "since", "until", "page", "page_size")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    kinds: _containers.RepeatedScalarFieldContainer[_events_pb2.EventKind]
    since: _timestamp_pb2.Timestamp
    until: _timestamp_pb2.Timestamp
    page: int
    page_size: int
    def __init__(self, user_id: _Optional[str] = ..., kinds: _Optional[_Iterable[_Union[_events_pb2.EventKind, str]]] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., page: _Optional[int] = ..., page_size: _Optional[int] = ...) -> None: ...

class GetBehaviorHistoryResponse(_message.Message):
    __slots__ = ("history", "total", "page", "page_size")
    HISTORY_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    history: _containers.RepeatedCompositeFieldContainer[HistoryEntry]
    total: int
    page: int
    page_size: int
    def __init__(self, history: _Optional[_Iterable[_Union[HistoryEntry, _Mapping]]] = ..., total: _Optional[int] = ..., page: _Optional[int] = ..., page_size: _Optional[int] = ...) -> None: ...

class HistoryEntry(_message.Message):
    __slots__ = ("event_id", "kind", "product_id", "sku", "session_id", "value", "occurred_at", "received_at", "recommendation_id", "position")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_AT_FIELD_NUMBER: _ClassVar[int]
    RECOMMENDATION_ID_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    kind: _events_pb2.EventKind
    product_id: int
    sku: str
    session_id: str
    value: float
    occurred_at: _timestamp_pb2.Timestamp
    received_at: _timestamp_pb2.Timestamp
    recommendation_id: str
    position: int
    def __init__(self, event_id: _Optional[str] = ..., kind: _Optional[_Union[_events_pb2.EventKind, str]] = ..., product_id: _Optional[int] = ..., sku: _Optional[str] = ..., session_id: _Optional[str] = ..., value: _Optional[float] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., received_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., recommendation_id: _Optional[str] = ..., position: _Optional[int] = ...) -> None: ...
