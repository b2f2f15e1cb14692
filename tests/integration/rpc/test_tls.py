"""TLS, mutual TLS, and certificates that are renewed while the server runs."""

import grpc
import pytest
import trustme
from django.core.exceptions import ImproperlyConfigured
from grpc_health.v1 import health_pb2, health_pb2_grpc

from sdr.rpc import tls
from sdr.rpc.server import RpcServer


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def stranger():
    return trustme.CA()


@pytest.fixture
def files(settings, tmp_path, authority):
    """The server's certificate in files, and settings that name them."""
    settings.GRPC_SERVICES = []
    settings.GRPC_TLS_CERT, settings.GRPC_TLS_KEY = str(tmp_path / "server.pem"), str(tmp_path / "server.key")
    write_certificate(tmp_path, authority)
    return tmp_path


def write_certificate(directory, authority):
    issued = authority.issue_cert("localhost")
    (directory / "server.pem").write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    (directory / "server.key").write_bytes(issued.private_key_pem.bytes())


@pytest.fixture
def serve():
    """Start a server as the settings say and return its port."""
    servers = []

    def start():
        found = tls.configured_files()
        server = RpcServer("localhost:0", max_workers=2, credentials=tls.server_credentials(found))
        server.start()
        servers.append(server)
        return server.port

    yield start
    for server in servers:
        server.stop(grace_seconds=0)


def answer(port, trusted, client=None):
    """Return the status of a call that trusts ``trusted``, and shows the certificate ``client``."""
    shown = (client.private_key_pem.bytes(), client.cert_chain_pems[0].bytes()) if client else (None, None)
    credentials = grpc.ssl_channel_credentials(trusted.cert_pem.bytes(), *shown)
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0)]
    with grpc.secure_channel(f"localhost:{port}", credentials, options) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        try:
            stub.Check(health_pb2.HealthCheckRequest(), timeout=10)
        except grpc.RpcError as error:
            return error.code()
    return grpc.StatusCode.OK


def test_a_client_that_trusts_the_authority_gets_through(files, serve, authority, stranger):
    port = serve()
    assert answer(port, authority) is grpc.StatusCode.OK
    assert answer(port, stranger) is grpc.StatusCode.UNAVAILABLE


def test_without_a_certificate_of_the_clients_authority_nobody_is_let_in(settings, files, serve, authority, stranger):
    authority.cert_pem.write_to_path(files / "clients.pem")
    settings.GRPC_TLS_CLIENT_CA = str(files / "clients.pem")
    port = serve()
    assert answer(port, authority, authority.issue_cert("shop.example")) is grpc.StatusCode.OK
    assert answer(port, authority) is grpc.StatusCode.UNAVAILABLE
    assert answer(port, authority, stranger.issue_cert("shop.example")) is grpc.StatusCode.UNAVAILABLE


def test_a_renewed_certificate_is_used_from_the_next_connection_on(files, serve, authority, stranger):
    port = serve()
    assert answer(port, authority) is grpc.StatusCode.OK
    write_certificate(files, stranger)
    assert answer(port, stranger) is grpc.StatusCode.OK
    (files / "server.key").unlink()
    assert answer(port, stranger) is grpc.StatusCode.OK


def test_a_file_that_is_not_there_is_named_at_the_start(settings, files):
    (files / "server.pem").unlink()
    with pytest.raises(ImproperlyConfigured, match=r"server\.pem"):
        tls.server_credentials(tls.configured_files())


def test_without_files_there_is_no_tls():
    assert tls.configured_files() is None
