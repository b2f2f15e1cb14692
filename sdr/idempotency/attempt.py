"""One attempt at a write that carries a key: begun by whoever knows the caller, finished with the answer."""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from rest_framework import exceptions, status

from sdr import clock
from sdr.accounts.models import Tenant
from sdr.accounts.tombstones import name_hash
from sdr.idempotency.models import StoredAnswer

KEPT_FOR = timedelta(hours=24)
REPLAYED = "Idempotency-Replayed"
# The other headers are made anew for each request.
_KEPT_HEADERS = ("Content-Type", "Location", "ETag", "Last-Modified")


class InProgress(exceptions.APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "idempotency_in_progress"
    default_detail = "The first request with this Idempotency-Key is still being answered."
    wait = 1


class KeyReused(exceptions.APIException):
    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_code = "idempotency_key_reused"
    default_detail = "This Idempotency-Key came with another request before."


class AnsweredBefore(Exception):
    """Not an error: the answer is there already."""

    def __init__(self, answer: StoredAnswer) -> None:
        super().__init__(answer.key)
        self.answer = answer

    def response(self) -> HttpResponse:
        headers = {**self.answer.headers, REPLAYED: "true"}
        return HttpResponse(bytes(self.answer.body), status=self.answer.status, headers=headers)


@dataclass
class Attempt:
    """Lives in the transaction that the middleware opened around the view. ``user_id``: whom the path names."""

    key: str
    request_digest: bytes
    user_id: str | None = None
    tenant_id: int | None = field(default=None, init=False)

    def begin(self, tenant_id: int, now: datetime | None = None) -> None:
        """Claim the key until the transaction ends; raises InProgress, KeyReused or AnsweredBefore."""
        self.tenant_id = tenant_id
        with connection.cursor() as cursor:
            # Two keys that share a hash are told to come again, no more.
            cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, %s))", [self.key, tenant_id])
            if cursor.fetchone() != (True,):
                raise InProgress
        fresh = StoredAnswer.objects.filter(created_at__gt=(now or clock.now()) - KEPT_FOR)
        answer = fresh.filter(tenant_id=tenant_id, key=self.key).first()
        if answer is None:
            return
        if bytes(answer.request_digest) != self.request_digest:
            raise KeyReused
        raise AnsweredBefore(answer)

    def finish(self, tenant_id: int, response: Any) -> None:
        """Store the answer; whoever has the transaction commits it together with the write."""
        answer = StoredAnswer(
            tenant_id=tenant_id,
            key=self.key,
            request_digest=self.request_digest,
            status=response.status_code,
            headers={name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers},
            body=response.content,
            about=_about(tenant_id, self.user_id),
            created_at=clock.now(),
        )
        # One that is there has expired.
        StoredAnswer.objects.bulk_create(
            [answer],
            update_conflicts=True,
            unique_fields=["tenant", "key"],
            update_fields=["request_digest", "status", "headers", "body", "about", "created_at"],
        )


def digest_of(request: HttpRequest) -> bytes:
    """Return what two attempts at the same write have in common: method, path, query and body.

    With our secret, for a path may name a user: who reads the table cannot try names.
    """
    head = f"{request.method} {request.get_full_path()}\n".encode()
    return hmac.digest(settings.SECRET_KEY.encode(), head + request.body, hashlib.sha256)


def forget_about(tenant_id: int, name_hash: bytes, until: datetime) -> int:
    """Delete what was answered about a shopper until then; return how many answers that were."""
    n_deleted, _ = StoredAnswer.objects.filter(tenant=tenant_id, about=name_hash, created_at__lte=until).delete()
    return n_deleted


def _about(tenant_id: int, user_id: str | None) -> bytes | None:
    if user_id is None:
        return None
    salt = Tenant.objects.values_list("tombstone_salt", flat=True).get(pk=tenant_id)
    return name_hash(bytes(salt), f"u:{user_id}")
