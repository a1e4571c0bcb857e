"""The bound of the Python SDK: grpc.aio and the generated protobuf code, and nothing else.

Answers frames of invocations with frames of results: each state changed, as src/floors/frames.ts
does.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

import grpc
import grpc.aio

from statewire.v1 import stream_pb2 as pb


async def connect(_: Any, context: grpc.aio.ServicerContext[Any, Any]) -> None:
    """One stream."""
    while (data := await context.read()) is not grpc.aio.EOF:
        await context.write(answer(data))


def answer(data: bytes) -> bytes:
    """The frame of results of a frame of invocations."""
    frame = pb.RuntimeFrame.FromString(data)
    answered = pb.ServerFrame()
    results = answered.results.results
    for invocation in frame.invocations.invocations:
        state = invocation.states[0].value
        added = (state[0] + invocation.inputs[0].value[1]) & 0xFF
        result = results.add(invocation_id=invocation.invocation_id)
        result.state_changes.add(value=bytes((added,)) + state[1:])
    return answered.SerializeToString()


async def main() -> None:
    """Listens until it is killed."""
    server = grpc.aio.server()
    handler: Any = grpc.stream_stream_rpc_method_handler(connect)
    service = grpc.method_handlers_generic_handler(
        "statewire.v1.FunctionServer", {"Connect": handler}
    )
    server.add_generic_rpc_handlers((service,))
    server.add_insecure_port(os.environ["BENCH_ADDRESS"])
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(main())
