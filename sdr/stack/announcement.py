"""The end of start-up: where to go, once the web port answers."""

import threading
import urllib.error
import urllib.request
from collections.abc import Callable

from django.conf import settings

from sdr.stack.preparation import STAFF, password_file

ASK_EVERY_SECONDS = 0.1


def announce_when_ready(say: Callable[[str], None], stopping: threading.Event) -> None:
    """Say the addresses as soon as the web process answers; say nothing if the stack stops before that."""
    while not stopping.wait(ASK_EVERY_SECONDS):
        if _answers(f"{_web_address()}/livez"):
            say(addresses())
            return


def addresses() -> str:
    web = _web_address()
    return f"""\
SDR is up.
  API     {web}/api/
  Docs    {web}/api/docs
  Admin   {web}/admin/  (user {STAFF}, password in {password_file()})
  gRPC    127.0.0.1:{settings.GRPC_PORT}
Ctrl-C stops it; the data stays in {settings.VAR_DIR}."""


def _web_address() -> str:
    host = "127.0.0.1" if settings.WEB_HOST in {"0.0.0.0", "::"} else settings.WEB_HOST
    return f"http://{host}:{settings.PORT}"


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1):  # noqa: S310  our own http address
            return True
    except urllib.error.HTTPError:  # it answers, and has something to say about itself in its log
        return True
    except OSError:
        return False
