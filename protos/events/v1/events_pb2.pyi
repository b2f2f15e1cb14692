import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EventKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EVENT_KIND_UNSPECIFIED: _ClassVar[EventKind]
    EVENT_KIND_CLICK: _ClassVar[EventKind]
    EVENT_KIND_VIEW: _ClassVar[EventKind]
    EVENT_KIND_ADD_TO_CART: _ClassVar[EventKind]
    EVENT_KIND_REMOVE_FROM_CART: _ClassVar[EventKind]
    EVENT_KIND_PURCHASE: _ClassVar[EventKind]
    EVENT_KIND_WISHLIST: _ClassVar[EventKind]
    EVENT_KIND_RATING: _ClassVar[EventKind]
    EVENT_KIND_DISLIKE: _ClassVar[EventKind]

class TrackingStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRACKING_STATUS_UNSPECIFIED: _ClassVar[TrackingStatus]
    TRACKING_STATUS_ACCEPTED: _ClassVar[TrackingStatus]
    TRACKING_STATUS_REJECTED: _ClassVar[TrackingStatus]
    TRACKING_STATUS_UNKNOWN: _ClassVar[TrackingStatus]
EVENT_KIND_UNSPECIFIED: EventKind
EVENT_KIND_CLICK: EventKind
EVENT_KIND_VIEW: EventKind
EVENT_KIND_ADD_TO_CART: EventKind
EVENT_KIND_REMOVE_FROM_CART: EventKind
EVENT_KIND_PURCHASE: EventKind
EVENT_KIND_WISHLIST: EventKind
EVENT_KIND_RATING: EventKind
EVENT_KIND_DISLIKE: EventKind
TRACKING_STATUS_UNSPECIFIED: TrackingStatus
TRACKING_STATUS_ACCEPTED: TrackingStatus
TRACKING_STATUS_REJECTED: TrackingStatus
TRACKING_STATUS_UNKNOWN: TrackingStatus

class Event(_message.Message):
    __slots__ = ("event_id", "kind", "product_id", "sku", "user_id", "session_id", "value", "occurred_at", "recommendation_id", "position")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    RECOMMENDATION_ID_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    kind: EventKind
    product_id: int
    sku: str
    user_id: str
    session_id: str
    value: float
    occurred_at: _timestamp_pb2.Timestamp
    recommendation_id: str
    position: int
    def __init__(self, event_id: _Optional[str] = ..., kind: _Optional[_Union[EventKind, str]] = ..., product_id: _Optional[int] = ..., sku: _Optional[str] = ..., user_id: _Optional[str] = ..., session_id: _Optional[str] = ..., value: _Optional[float] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., recommendation_id: _Optional[str] = ..., position: _Optional[int] = ...) -> None: ...

class TrackedEvent(_message.Message):
    __slots__ = ("position", "event_id", "status", "field", "error")
    POSITION_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    position: int
    event_id: str
    status: TrackingStatus
    field: str
    error: str
    def __init__(self, position: _Optional[int] = ..., event_id: _Optional[str] = ..., status: _Optional[_Union[TrackingStatus, str]] = ..., field: _Optional[str] = ..., error: _Optional[str] = ...) -> None: ...

class TrackEventRequest(_message.Message):
    __slots__ = ("event", "queued")
    EVENT_FIELD_NUMBER: _ClassVar[int]
    QUEUED_FIELD_NUMBER: _ClassVar[int]
    event: Event
    queued: bool
    def __init__(self, event: _Optional[_Union[Event, _Mapping]] = ..., queued: _Optional[bool] = ...) -> None: ...

class TrackEventResponse(_message.Message):
    __slots__ = ("result",)
    RESULT_FIELD_NUMBER: _ClassVar[int]
    result: TrackedEvent
    def __init__(self, result: _Optional[_Union[TrackedEvent, _Mapping]] = ...) -> None: ...

class TrackEventsRequest(_message.Message):
    __slots__ = ("event",)
    EVENT_FIELD_NUMBER: _ClassVar[int]
    event: Event
    def __init__(self, event: _Optional[_Union[Event, _Mapping]] = ...) -> None: ...

class TrackEventsResponse(_message.Message):
    __slots__ = ("accepted", "rejected", "unknown", "results")
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    accepted: int
    rejected: int
    unknown: int
    results: _containers.RepeatedCompositeFieldContainer[TrackedEvent]
    def __init__(self, accepted: _Optional[int] = ..., rejected: _Optional[int] = ..., unknown: _Optional[int] = ..., results: _Optional[_Iterable[_Union[TrackedEvent, _Mapping]]] = ...) -> None: ...
