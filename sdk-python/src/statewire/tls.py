"""TLS between a function server and a runtime."""

from __future__ import annotations

from dataclasses import dataclass

import grpc

from statewire.errors import DeclarationError


@dataclass(frozen=True, slots=True)
class Tls:
    """TLS for the streams to runtimes; all of it PEM. Without it they are in clear text."""

    certificate: bytes | None = None
    """This side's certificate chain. Needed to serve; when attaching, for mutual TLS."""

    private_key: bytes | None = None
    """The key of `certificate`."""

    authorities: bytes | None = None
    """Who signs the peer's certificate.

    Serving: the runtime must then present one. Attaching: instead of the authorities that gRPC
    trusts.
    """

    def server_credentials(self) -> grpc.ServerCredentials:
        """Raises `DeclarationError` when the certificate or its key is missing."""
        if self.certificate is None or self.private_key is None:
            raise DeclarationError("tls needs a certificate and a private_key to serve with")
        return grpc.ssl_server_credentials(
            [(self.private_key, self.certificate)],
            root_certificates=self.authorities,
            require_client_auth=self.authorities is not None,
        )

    def channel_credentials(self) -> grpc.ChannelCredentials:
        """For the side that dials."""
        return grpc.ssl_channel_credentials(self.authorities, self.private_key, self.certificate)
