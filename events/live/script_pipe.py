"""Script calls that are sent before the replies to those before are read, so that Redis works while the caller does."""

from typing import Any

import redis

from sdr.connections import redis_client


class ScriptPipe:
    """Calls of one script, over one connection, so that Redis takes them in order. For one thread.

    All methods raise ``redis.RedisError``. After any of an outage, what was sent is dropped: its outcome is unknown.
    """

    def __init__(self, script: str) -> None:
        self._script = script
        self._sha: str | None = None
        # Held while replies are outstanding, with the pool it goes back to.
        self._pool: Any = None
        self._connection: Any = None
        self._n_sent = 0

    def send(self, keys: list[str], argument: bytes) -> None:
        client = redis_client()
        if self._sha is None:
            self._sha = client.script_load(self._script)
        try:
            if self._connection is None:
                self._pool = client.connection_pool
                self._connection = self._pool.get_connection()
            # A check of the connection would take an outstanding reply for its own.
            is_idle = self._n_sent == 0
            self._connection.send_command("EVALSHA", self._sha, len(keys), *keys, argument, check_health=is_idle)
        except BaseException:
            self.drop()
            raise
        self._n_sent += 1

    def reply(self) -> Any:
        """Wait for the reply to the oldest call that has none yet."""
        try:
            reply = self._connection.read_response()
        except redis.ResponseError as error:  # to this call; those behind it stay under way
            self._sha = None if isinstance(error, redis.exceptions.NoScriptError) else self._sha
            self._settle()
            raise
        except BaseException:
            self.drop()
            raise
        self._settle()
        return reply

    def drop(self) -> None:
        """Have no reply read any more: it would be taken for that of a later call."""
        self._sha, self._n_sent = None, 0
        if self._connection is not None:
            self._connection.disconnect()
            self._release()

    def _settle(self) -> None:
        self._n_sent -= 1
        if not self._n_sent:
            self._release()

    def _release(self) -> None:
        connection, self._connection = self._connection, None
        self._pool.release(connection)
