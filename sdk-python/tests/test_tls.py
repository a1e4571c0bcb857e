"""TLS, both ways of dialling, with certificates that this test makes."""

from __future__ import annotations

import datetime

import grpc
import grpc.aio
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from statewire import FunctionServer, Tls
from tests.support.counter import counter
from tests.support.runtime import CONNECT, Gateway, Stream


def make_identity(name: str, issuer=None):
    """A certificate with its key: signed by the issuer, or by itself as an authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer[0].subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost")]),
            critical=False,
        )
        .sign(key if issuer is None else issuer[1], hashes.SHA256())
    )
    return certificate, key


def pem(identity):
    certificate, key = identity
    return (
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        certificate.public_bytes(serialization.Encoding.PEM),
    )


@pytest.fixture(scope="module")
def identities():
    authority = make_identity("authority")
    return {
        "authority": pem(authority)[1],
        "server": pem(make_identity("server", authority)),
        "runtime": pem(make_identity("runtime", authority)),
    }


def tls_of(identities, name):
    key, certificate = identities[name]
    return Tls(certificate=certificate, private_key=key, authorities=identities["authority"])


async def test_a_runtime_with_a_certificate_is_served_and_one_without_is_not(identities):
    server = FunctionServer([counter], address="localhost:0", tls=tls_of(identities, "server"))
    async with server:
        credentials = tls_of(identities, "runtime").channel_credentials()
        async with grpc.aio.secure_channel(server.address or "", credentials) as channel:
            stream = Stream(channel.stream_stream(CONNECT)())
            await stream.greet()
            stream.call.cancel()
        stranger = Tls(authorities=identities["authority"]).channel_credentials()
        async with grpc.aio.secure_channel(server.address or "", stranger) as channel:
            stream = Stream(channel.stream_stream(CONNECT)())
            assert await stream.status() is grpc.StatusCode.UNAVAILABLE


async def test_a_server_attaches_to_a_runtime_that_it_trusts(identities):
    key, certificate = identities["runtime"]
    gateway = Gateway()
    await gateway.start(
        "localhost:0",
        grpc.ssl_server_credentials(
            [(key, certificate)],
            root_certificates=identities["authority"],
            require_client_auth=True,
        ),
    )
    tls = tls_of(identities, "server")
    async with FunctionServer([counter], attach_to=gateway.address, tls=tls):
        stream, end = await gateway.next_stream()
        await stream.greet()
        end.set()
    await gateway.stop()


async def test_a_runtime_with_another_authorization_is_not_served():
    server = FunctionServer([counter], address="localhost:0", authorization="Bearer s3cret")
    async with server, grpc.aio.insecure_channel(server.address or "") as channel:
        for sent in ((), (("authorization", "Bearer other"),)):
            stream = Stream(channel.stream_stream(CONNECT)(metadata=sent))
            assert await stream.status() is grpc.StatusCode.UNAUTHENTICATED
        known = Stream(
            channel.stream_stream(CONNECT)(metadata=(("authorization", "Bearer s3cret"),))
        )
        await known.greet()
        known.call.cancel()
