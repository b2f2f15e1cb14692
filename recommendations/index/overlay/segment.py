"""A segment: what some products and groups are now. It is absolute, so the later of two segments simply wins.

No pickle: msgpack around plain little-endian arrays, with a checksum in front.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from recommendations.engine.ragged import Ragged
from recommendations.index.artifact import CategoryEntry

FORMAT = 1
_DIGEST_BYTES = 16

PRODUCT = np.dtype([
    ("id", "<i8"),
    ("revision", "<i8"),
    # A number of the build's, or the group's key (see ``reading.group_key``), which is negative.
    ("group", "<i8"),
    ("sku_hash", "<u8"),
    ("rating_count", "<i8"),
    ("created_at", "<f8"),
    ("price", "<f8"),
    ("card_start", "<i8"),
    ("card_end", "<i8"),
    # A place in ``paths``.
    ("category", "<i4"),
    ("rating", "<f4"),
    ("in_stock", "?"),
    ("is_active", "?"),
    ("is_deleted", "?"),
    # Its text changed, but its group's neighbours were not found yet.
    ("is_owed", "?"),
])  # fmt: skip
GROUP = np.dtype([("ref", "<i8"), ("batch", "<i8")])


class BadSegment(Exception):
    """The bytes are no segment of ours; the text says what was found."""


class Tree(NamedTuple):
    """The category tree in preorder (see ``reading.CategoryPlaces``)."""

    entries: list[CategoryEntry]
    parents: list[int]
    ends: list[int]


@dataclass(frozen=True, slots=True)
class Segment:
    """``products`` (PRODUCT) by ascending id, ``groups`` (GROUP) by ascending ref; the ragged lists go with groups.

    ``tree`` is None where the one before holds. ``paths``: of the categories that products name, "" for none.
    Cards lie in ``blobs``, laid end to end. ``neighbours`` and ``reverse`` name groups as ``products`` do.
    """

    tree: Tree | None
    paths: tuple[str, ...]
    products: NDArray[np.void]
    blobs: tuple[bytes, ...]
    groups: NDArray[np.void]
    vectors: Ragged
    neighbours: Ragged
    reverse: Ragged

    def card(self, place: int) -> bytes:
        """Return the card of the product at ``place``; for who reads many, the blobs had better be one."""
        start, end = int(self.products["card_start"][place]), int(self.products["card_end"][place])
        for blob in self.blobs:
            if start < len(blob):
                return blob[start:end]
            start, end = start - len(blob), end - len(blob)
        return b""


def joined(segments: Sequence[Segment]) -> Segment:
    """Return one segment that says what all of them say, one after the other."""
    if len(segments) == 1:
        return segments[0]
    groups = np.concatenate([segment.groups for segment in segments])
    last_groups = _last_of_each(groups["ref"])
    paths = tuple(dict.fromkeys(path for segment in segments for path in segment.paths))
    products = np.concatenate(_on_common_ground(segments, paths))
    return Segment(
        tree=next((segment.tree for segment in reversed(segments) if segment.tree), None),
        paths=paths,
        products=products[_last_of_each(products["id"])],
        blobs=tuple(blob for segment in segments for blob in segment.blobs),
        groups=groups[last_groups],
        vectors=Ragged.joined([segment.vectors for segment in segments]).take(last_groups),
        neighbours=Ragged.joined([segment.neighbours for segment in segments]).take(last_groups),
        reverse=Ragged.joined([segment.reverse for segment in segments]).take(last_groups),
    )


def _on_common_ground(segments: Sequence[Segment], paths: tuple[str, ...]) -> list[NDArray[np.void]]:
    """Return each segment's products with places in ``paths``, and in all blobs together."""
    place_of, offset, parts = {path: place for place, path in enumerate(paths)}, 0, []
    for segment in segments:
        products = segment.products.copy()
        places = np.array([place_of[path] for path in segment.paths], dtype=np.int32)
        products["category"] = places[products["category"]] if len(products) else 0
        products["card_start"] += offset
        products["card_end"] += offset
        offset += sum(map(len, segment.blobs))
        parts.append(products)
    return parts


def _last_of_each(keys: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return where each key stands for the last time, by ascending key."""
    _, from_the_end = np.unique(keys[::-1], return_index=True)
    places: NDArray[np.intp] = len(keys) - 1 - from_the_end
    return places


def encode(segment: Segment) -> bytes:
    """Return the segment as bytes, with no card and no path in it that no product has."""
    segment = _tidied(segment)
    lists = (segment.vectors, segment.neighbours, segment.reverse)
    body = msgspec.msgpack.encode(
        _Body(
            FORMAT,
            segment.tree,
            list(segment.paths),
            segment.products.tobytes(),
            b"".join(segment.blobs),
            segment.groups.tobytes(),
            [_packed(ragged) for ragged in lists],
        )
    )
    return _digest(body) + body


def decode(data: bytes) -> Segment:
    """Read what :func:`encode` wrote, without copying its arrays. Raises BadSegment."""
    if _digest(data[_DIGEST_BYTES:]) != data[:_DIGEST_BYTES]:
        raise BadSegment("It is not what its checksum says.")
    try:
        body = msgspec.msgpack.decode(memoryview(data)[_DIGEST_BYTES:], type=_Body)
    except msgspec.DecodeError as error:
        raise BadSegment(str(error)) from error
    if body.format != FORMAT:
        raise BadSegment(f"It is of format {body.format}; this version of SDR reads {FORMAT}.")
    vectors, neighbours, reverse = (_unpacked(*arrays) for arrays in body.lists)
    return Segment(
        tree=body.tree,
        paths=tuple(body.paths),
        products=np.frombuffer(body.products, PRODUCT),
        blobs=(body.cards,),
        groups=np.frombuffer(body.groups, GROUP),
        vectors=vectors,
        neighbours=neighbours,
        reverse=reverse,
    )


class _Body(msgspec.Struct, array_like=True):
    format: int
    tree: Tree | None
    paths: list[str]
    products: bytes
    cards: bytes
    groups: bytes
    lists: list[tuple[bytes, bytes, bytes]]


def _tidied(segment: Segment) -> Segment:
    products = segment.products.copy()
    used, products["category"] = np.unique(products["category"], return_inverse=True)
    cards = [segment.card(place) for place in range(len(products))]
    products["card_end"] = np.cumsum([len(card) for card in cards])
    products["card_start"] = products["card_end"] - [len(card) for card in cards]
    return Segment(
        segment.tree,
        tuple(segment.paths[place] for place in used.tolist()),
        products,
        (b"".join(cards),),
        segment.groups,
        segment.vectors,
        segment.neighbours,
        segment.reverse,
    )


def _packed(ragged: Ragged) -> tuple[bytes, bytes, bytes]:
    return (
        ragged.indptr.astype("<i8").tobytes(),
        ragged.keys.astype("<i8").tobytes(),
        ragged.values.astype("<f4").tobytes(),
    )


def _unpacked(indptr: bytes, keys: bytes, values: bytes) -> Ragged:
    return Ragged(np.frombuffer(indptr, "<i8"), np.frombuffer(keys, "<i8"), np.frombuffer(values, "<f4"))


def _digest(body: Any) -> bytes:
    return hashlib.blake2b(body, digest_size=_DIGEST_BYTES).digest()
