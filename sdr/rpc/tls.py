"""TLS from files, which may be replaced while the server runs: each new connection gets what they say then."""

from pathlib import Path
from typing import NamedTuple

import grpc
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class TlsFiles(NamedTuple):
    """PEM files: the server's certificate chain and key; the authorities of clients, None where any may come."""

    certificate: Path
    key: Path
    client_authorities: Path | None


def configured_files() -> TlsFiles | None:
    """Return the files that the settings name, None for plain text; raises ImproperlyConfigured."""
    certificate, key, authorities = settings.GRPC_TLS_CERT, settings.GRPC_TLS_KEY, settings.GRPC_TLS_CLIENT_CA
    if not (certificate or key or authorities):
        return None
    if not (certificate and key):
        raise ImproperlyConfigured("TLS needs both GRPC_TLS_CERT and GRPC_TLS_KEY.")
    return TlsFiles(Path(certificate), Path(key), Path(authorities) if authorities else None)


def server_credentials(files: TlsFiles) -> grpc.ServerCredentials:
    """Return credentials that follow the files; raises ImproperlyConfigured where one cannot be read."""
    try:
        first = _configuration(files)
    except OSError as error:
        raise ImproperlyConfigured(f"TLS: {error}") from error
    return grpc.dynamic_ssl_server_credentials(
        first, _Watch(files).news, require_client_authentication=files.client_authorities is not None
    )


class _Watch:
    """Asked by gRPC at each handshake, under its own lock."""

    def __init__(self, files: TlsFiles) -> None:
        self._files = files
        self._stamps = self._read_stamps()

    def news(self) -> grpc.ServerCertificateConfiguration | None:
        """Return the configuration if a file has changed; None to go on with what gRPC has, also after an error."""
        try:
            stamps = self._read_stamps()
            if stamps == self._stamps:
                return None
            configuration = _configuration(self._files)
        except OSError:  # in the middle of an exchange: the next handshake looks again
            return None
        self._stamps = stamps
        return configuration

    def _read_stamps(self) -> list[tuple[int, int]]:
        return [(stat.st_mtime_ns, stat.st_ino) for stat in (path.stat() for path in self._files if path)]


def _configuration(files: TlsFiles) -> grpc.ServerCertificateConfiguration:
    authorities = files.client_authorities.read_bytes() if files.client_authorities else None
    return grpc.ssl_server_certificate_configuration(
        [(files.key.read_bytes(), files.certificate.read_bytes())], root_certificates=authorities
    )
