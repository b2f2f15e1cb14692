import datetime

from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Product(_message.Message):
    __slots__ = ("id", "sku", "name", "category", "category_path", "price", "currency", "rating", "tags", "description", "image_url", "in_stock")
    ID_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_PATH_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    RATING_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    IMAGE_URL_FIELD_NUMBER: _ClassVar[int]
    IN_STOCK_FIELD_NUMBER: _ClassVar[int]
    id: int
    sku: str
    name: str
    category: str
    category_path: str
    price: float
    currency: str
    rating: float
    tags: _containers.RepeatedScalarFieldContainer[str]
    description: str
    image_url: str
    in_stock: bool
    def __init__(self, id: _Optional[int] = ..., sku: _Optional[str] = ..., name: _Optional[str] = ..., category: _Optional[str] = ..., category_path: _Optional[str] = ..., price: _Optional[float] = ..., currency: _Optional[str] = ..., rating: _Optional[float] = ..., tags: _Optional[_Iterable[str]] = ..., description: _Optional[str] = ..., image_url: _Optional[str] = ..., in_stock: _Optional[bool] = ...) -> None: ...

class ProductDetail(_message.Message):
    __slots__ = ("product", "is_active", "rating_count", "variant_group", "attributes", "revision", "created_at", "updated_at")
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    IS_ACTIVE_FIELD_NUMBER: _ClassVar[int]
    RATING_COUNT_FIELD_NUMBER: _ClassVar[int]
    VARIANT_GROUP_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    product: Product
    is_active: bool
    rating_count: int
    variant_group: str
    attributes: _struct_pb2.Struct
    revision: int
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    def __init__(self, product: _Optional[_Union[Product, _Mapping]] = ..., is_active: _Optional[bool] = ..., rating_count: _Optional[int] = ..., variant_group: _Optional[str] = ..., attributes: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., revision: _Optional[int] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ProductFields(_message.Message):
    __slots__ = ("sku", "name", "category", "category_path", "price", "currency", "rating", "rating_count", "tags", "description", "image_url", "in_stock", "is_active", "variant_group", "attributes")
    SKU_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_PATH_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    RATING_FIELD_NUMBER: _ClassVar[int]
    RATING_COUNT_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    IMAGE_URL_FIELD_NUMBER: _ClassVar[int]
    IN_STOCK_FIELD_NUMBER: _ClassVar[int]
    IS_ACTIVE_FIELD_NUMBER: _ClassVar[int]
    VARIANT_GROUP_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    sku: str
    name: str
    category: str
    category_path: str
    price: float
    currency: str
    rating: float
    rating_count: int
    tags: _containers.RepeatedScalarFieldContainer[str]
    description: str
    image_url: str
    in_stock: bool
    is_active: bool
    variant_group: str
    attributes: _struct_pb2.Struct
    def __init__(self, sku: _Optional[str] = ..., name: _Optional[str] = ..., category: _Optional[str] = ..., category_path: _Optional[str] = ..., price: _Optional[float] = ..., currency: _Optional[str] = ..., rating: _Optional[float] = ..., rating_count: _Optional[int] = ..., tags: _Optional[_Iterable[str]] = ..., description: _Optional[str] = ..., image_url: _Optional[str] = ..., in_stock: _Optional[bool] = ..., is_active: _Optional[bool] = ..., variant_group: _Optional[str] = ..., attributes: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class GetRequest(_message.Message):
    __slots__ = ("product_id", "sku")
    PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    product_id: int
    sku: str
    def __init__(self, product_id: _Optional[int] = ..., sku: _Optional[str] = ...) -> None: ...

class GetResponse(_message.Message):
    __slots__ = ("product",)
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    product: ProductDetail
    def __init__(self, product: _Optional[_Union[ProductDetail, _Mapping]] = ...) -> None: ...

class ListRequest(_message.Message):
    __slots__ = ("search", "category", "tags", "min_price", "max_price", "min_rating", "in_stock", "ordering", "attributes", "limit")
    class AttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    SEARCH_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    MIN_PRICE_FIELD_NUMBER: _ClassVar[int]
    MAX_PRICE_FIELD_NUMBER: _ClassVar[int]
    MIN_RATING_FIELD_NUMBER: _ClassVar[int]
    IN_STOCK_FIELD_NUMBER: _ClassVar[int]
    ORDERING_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    search: str
    category: str
    tags: _containers.RepeatedScalarFieldContainer[str]
    min_price: float
    max_price: float
    min_rating: float
    in_stock: bool
    ordering: str
    attributes: _containers.ScalarMap[str, str]
    limit: int
    def __init__(self, search: _Optional[str] = ..., category: _Optional[str] = ..., tags: _Optional[_Iterable[str]] = ..., min_price: _Optional[float] = ..., max_price: _Optional[float] = ..., min_rating: _Optional[float] = ..., in_stock: _Optional[bool] = ..., ordering: _Optional[str] = ..., attributes: _Optional[_Mapping[str, str]] = ..., limit: _Optional[int] = ...) -> None: ...

class ListResponse(_message.Message):
    __slots__ = ("product",)
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    product: Product
    def __init__(self, product: _Optional[_Union[Product, _Mapping]] = ...) -> None: ...

class CreateRequest(_message.Message):
    __slots__ = ("fields",)
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    fields: ProductFields
    def __init__(self, fields: _Optional[_Union[ProductFields, _Mapping]] = ...) -> None: ...

class CreateResponse(_message.Message):
    __slots__ = ("product",)
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    product: ProductDetail
    def __init__(self, product: _Optional[_Union[ProductDetail, _Mapping]] = ...) -> None: ...

class UpdateRequest(_message.Message):
    __slots__ = ("product_id", "sku", "fields", "update_mask", "revision")
    PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    product_id: int
    sku: str
    fields: ProductFields
    update_mask: _field_mask_pb2.FieldMask
    revision: int
    def __init__(self, product_id: _Optional[int] = ..., sku: _Optional[str] = ..., fields: _Optional[_Union[ProductFields, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., revision: _Optional[int] = ...) -> None: ...

class UpdateResponse(_message.Message):
    __slots__ = ("product",)
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    product: ProductDetail
    def __init__(self, product: _Optional[_Union[ProductDetail, _Mapping]] = ...) -> None: ...

class DeleteRequest(_message.Message):
    __slots__ = ("product_id", "sku", "revision")
    PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    product_id: int
    sku: str
    revision: int
    def __init__(self, product_id: _Optional[int] = ..., sku: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class DeleteResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class BulkUpsertRequest(_message.Message):
    __slots__ = ("fields",)
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    fields: ProductFields
    def __init__(self, fields: _Optional[_Union[ProductFields, _Mapping]] = ...) -> None: ...

class BulkUpsertResponse(_message.Message):
    __slots__ = ("created", "updated", "unchanged", "rejected", "results")
    CREATED_FIELD_NUMBER: _ClassVar[int]
    UPDATED_FIELD_NUMBER: _ClassVar[int]
    UNCHANGED_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    created: int
    updated: int
    unchanged: int
    rejected: int
    results: _containers.RepeatedCompositeFieldContainer[RowResult]
    def __init__(self, created: _Optional[int] = ..., updated: _Optional[int] = ..., unchanged: _Optional[int] = ..., rejected: _Optional[int] = ..., results: _Optional[_Iterable[_Union[RowResult, _Mapping]]] = ...) -> None: ...

class RowResult(_message.Message):
    __slots__ = ("position", "sku", "product_id", "status", "field", "error")
    POSITION_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    position: int
    sku: str
    product_id: int
    status: str
    field: str
    error: str
    def __init__(self, position: _Optional[int] = ..., sku: _Optional[str] = ..., product_id: _Optional[int] = ..., status: _Optional[str] = ..., field: _Optional[str] = ..., error: _Optional[str] = ...) -> None: ...
