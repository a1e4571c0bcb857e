"""Frames as a runtime writes them."""

from __future__ import annotations

from statewire import types
from statewire.v1 import stream_pb2 as pb

LIMITS = {
    "frame_bytes_max": 4 * 1024 * 1024,
    "value_bytes_max": 1024 * 1024,
    "id_bytes_max": 512,
    "effects_max": 1000,
    "result_credit_bytes": 16 * 1024 * 1024,
}


def hello(features=("leases", "lazy-state"), **limits: int) -> bytes:
    return pb.RuntimeFrame(
        hello=pb.Hello(versions=[1], features=features, limits=pb.Limits(**(LIMITS | limits)))
    ).SerializeToString()


def long_input(value: int, **fields) -> pb.Input:
    message = types.LONG(value)
    return pb.Input(typename=message.typename, value=message.value, **fields)


def invocation(number: int, id: str, inputs, *, type: int = 1, **fields) -> pb.Invocation:
    return pb.Invocation(invocation_id=number, type=type, id=id, inputs=inputs, **fields)


def invocations(*items: pb.Invocation, **fields) -> bytes:
    batch = pb.InvocationBatch(invocations=items, **fields)
    return pb.RuntimeFrame(invocations=batch).SerializeToString()


def parse(frame: bytes) -> pb.ServerFrame:
    return pb.ServerFrame.FromString(frame)
