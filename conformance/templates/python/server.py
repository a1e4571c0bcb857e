"""The conformance interpreter on generated stubs. It shakes hands and completes invocations that ask
for nothing; README.md says what comes next."""

import asyncio
import os
import signal
import sys

import grpc
from statewire.v1 import stream_pb2 as pb
from statewire.v1 import stream_pb2_grpc as rpc

STATES = ["value", "other", "expiring", "lazy"]


def welcome():
    spec = pb.FunctionSpec(type_name="conformance/interpreter")
    for name in STATES:
        spec.states.add(name=name, typename="conformance/bytes")
    spec.states[2].expiration.mode = pb.Expiration.MODE_AFTER_WRITE
    spec.states[2].expiration.duration_ms = 60_000
    window = pb.InvocationWindow(invocations=1000, bytes=16 << 20)
    return pb.Welcome(version=1, sdk_name="my-sdk", functions=[spec], window=window)


class Server(rpc.FunctionServerServicer):
    def __init__(self):
        self.streams = set()

    async def Connect(self, frames, context):
        """One stream: the runtime speaks first."""
        self.streams.add(context)
        try:
            async for frame in frames:
                kind = frame.WhichOneof("frame")
                if kind == "hello":
                    if 1 not in frame.hello.versions:
                        error = pb.ProtocolError(clause="HELLO-3", message="this server speaks [1]")
                        await context.write(pb.ServerFrame(error=error))
                        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "HELLO-3")  # [ERROR-5]
                    await context.write(pb.ServerFrame(welcome=welcome()))
                elif kind == "invocations":
                    results = [run(each) for each in frame.invocations.invocations]
                    await context.write(pb.ServerFrame(results=pb.ResultBatch(results=results)))
                elif kind == "error":
                    print(f"protocol error {frame.error.clause}: {frame.error.message}", file=sys.stderr)
                    await context.abort(grpc.StatusCode.INVALID_ARGUMENT, frame.error.clause)
                # credit, drain and state_reply come next.
        finally:
            self.streams.discard(context)

    async def drain(self):
        for context in list(self.streams):
            await context.write(pb.ServerFrame(drain=pb.Drain(reason="stop")))


def run(invocation):
    """Runs the inputs of an invocation in order. Next: do what their commands say."""
    return pb.Result(invocation_id=invocation.invocation_id)


async def main():
    options = [("grpc.max_receive_message_length", 64 << 20), ("grpc.http2.max_ping_strikes", 0)]
    server = grpc.aio.server(options=options)
    servicer = Server()
    rpc.add_FunctionServerServicer_to_server(servicer, server)
    server.add_insecure_port(os.environ["CONFORMANCE_ADDRESS"])
    await server.start()
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await stopped.wait()
    await servicer.drain()
    await server.stop(30)


asyncio.run(main())
