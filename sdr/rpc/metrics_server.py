"""``/metrics`` of a gRPC server that has no web process beside it, on a port of its own."""

import threading
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import make_wsgi_app

from sdr import exposition
from sdr.rpc import ports
from sdr.rpc.ports import AddressTakenError


class MetricsServer:
    """Answers from its start to :meth:`stop`, in threads of its own."""

    def __init__(self, address: str, *, shares_port: bool) -> None:
        """Bind ``address`` (``host:port``); raises :class:`AddressTakenError`.

        ``shares_port``: with other processes of ours, of which any answers for all.
        """
        try:
            listener = ports.bound(*ports.resolved(address), is_shared=shares_port)
            listener.listen()
        except (OSError, ValueError) as error:
            raise AddressTakenError(address) from error
        self.port: int = listener.getsockname()[1]
        self._server = _Server(listener.getsockname()[:2], _Handler, bind_and_activate=False)
        self._server.socket.close()
        self._server.socket = listener
        # WSGIServer would ask the name server for its own name.
        self._server.server_name, self._server.server_port = address.rpartition(":")[0], self.port
        self._server.setup_environ()
        self._server.set_app(make_wsgi_app(exposition.registry()))
        self._thread = threading.Thread(target=self._server.serve_forever, name="grpc-metrics", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Handler(WSGIRequestHandler):
    timeout = 10.0  # seconds for a caller to say what it wants

    def log_message(self, *_words: object) -> None:
        """Log nothing: somebody asks every few seconds."""
