"""Hello and Welcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from statewire._session.protocol_violation import ProtocolViolation
from statewire.v1 import stream_pb2 as pb

PROTOCOL_VERSION = 1
LEASES = "leases"
LAZY_STATE = "lazy-state"

_HELLO_BYTES_MAX = 65_536
INTEGER_MAX = 2**53 - 1
"""Integers of 64 bits are no larger. [LIMIT-7]"""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the runtime takes, as in Hello."""

    frame_bytes_max: int
    value_bytes_max: int
    id_bytes_max: int
    effects_max: int
    result_credit_bytes: int


@dataclass(frozen=True, slots=True)
class Offer:
    """What this side brings to a handshake."""

    sdk_version: str
    server_name: str
    functions: Sequence[pb.FunctionSpec]
    """The function table, lazy states declared as such."""
    invocations_max: int
    """Invocations in flight on a stream, at most."""
    payload_bytes_max: int
    """Payload bytes in flight on a stream; one invocation may exceed it."""
    frame_bytes_max: int
    """The largest frame that can be received."""
    leased_addresses_max: int
    """Addresses whose state is kept between invocations; 0: none."""
    leased_bytes_max: int
    """Memory for that."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What both sides agreed on."""

    welcome: pb.Welcome
    limits: Limits
    leases: bool


def negotiate(hello: pb.Hello, offer: Offer) -> Agreement:
    """Answers Hello. Raises ProtocolViolation when it breaks a clause, or no version is common."""
    if hello.ByteSize() > _HELLO_BYTES_MAX:
        raise ProtocolViolation("LIMIT-5", f"Hello is larger than {_HELLO_BYTES_MAX} bytes")
    _validate_versions(list(hello.versions))
    limits = _validate_limits(hello, offer)
    features = [name for name in features_of(offer) if name in hello.features]
    return Agreement(create_welcome(offer, features), limits, LEASES in features)


def features_of(offer: Offer) -> list[str]:
    """The features that this side has."""
    return [LEASES, LAZY_STATE] if offer.leased_addresses_max > 0 else [LAZY_STATE]


def create_welcome(offer: Offer, features: Sequence[str]) -> pb.Welcome:
    """What the server announces.

    Without the lazy-state feature lazy states are declared eager: they then come with every
    invocation, and reading them costs no round trip.
    """
    welcome = pb.Welcome(
        version=PROTOCOL_VERSION,
        sdk_name="statewire-sdk-python",
        sdk_version=offer.sdk_version,
        functions=offer.functions,
        features=features,
        window=pb.InvocationWindow(
            invocations=offer.invocations_max, bytes=offer.payload_bytes_max
        ),
        leased_addresses_max=offer.leased_addresses_max if LEASES in features else 0,
        server_name=offer.server_name,
    )
    if LAZY_STATE not in features:
        for function in welcome.functions:
            for state in function.states:
                state.lazy = False
    return welcome


def _validate_versions(versions: list[int]) -> None:
    descending = all(a > b for a, b in zip(versions, [*versions[1:], 0]))  # noqa: B905
    if not versions or not descending:
        raise ProtocolViolation(
            "HELLO-7",
            f"Hello has versions {versions}, expected some from the highest to the lowest",
        )
    if PROTOCOL_VERSION not in versions:
        raise ProtocolViolation(
            "HELLO-3",
            f"the runtime speaks versions {versions}, this server speaks {PROTOCOL_VERSION}",
        )


def _validate_limits(hello: pb.Hello, offer: Offer) -> Limits:
    sent = hello.limits
    limits = Limits(
        sent.frame_bytes_max,
        sent.value_bytes_max,
        sent.id_bytes_max,
        sent.effects_max,
        sent.result_credit_bytes,
    )
    if not all(
        (
            limits.frame_bytes_max,
            limits.value_bytes_max,
            limits.id_bytes_max,
            limits.effects_max,
            limits.result_credit_bytes,
        )
    ):
        raise ProtocolViolation("HELLO-14", "Hello has a limit that is absent or 0")
    validate_integer("result_credit_bytes", limits.result_credit_bytes)
    if limits.value_bytes_max * 4 > limits.frame_bytes_max:
        raise ProtocolViolation(
            "LIMIT-9",
            f"value_bytes_max {limits.value_bytes_max} is more than a quarter of "
            f"frame_bytes_max {limits.frame_bytes_max}",
        )
    if limits.frame_bytes_max > offer.frame_bytes_max:
        raise ProtocolViolation(
            "LIMIT-6",
            f"frame_bytes_max {limits.frame_bytes_max} is more than the {offer.frame_bytes_max} "
            "bytes that this server receives: raise frame_bytes_max of FunctionServer, or lower "
            "the runtime's setting",
        )
    return limits


def validate_integer(name: str, value: int) -> None:
    """Integers of 64 bits are at most 2^53 - 1. [LIMIT-7]"""
    if value > INTEGER_MAX:
        raise ProtocolViolation("LIMIT-7", f"{name} {value} is more than {INTEGER_MAX}")
