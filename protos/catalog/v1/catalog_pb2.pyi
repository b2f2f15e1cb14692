from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional

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
