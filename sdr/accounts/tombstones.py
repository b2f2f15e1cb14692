"""What remains of a shopper's name: a hash that tells nothing to who has not the tenant's salt."""

import hashlib


def name_hash(salt: bytes, name: str) -> bytes:
    """Return what stands for ``u:<user id>`` or ``s:<session id>``; ``events/shoppers/records.py`` has it in SQL."""
    return hashlib.sha256(salt + name.encode()).digest()
