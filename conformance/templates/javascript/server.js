// The conformance interpreter on raw gRPC. It shakes hands and completes invocations that ask for
// nothing; README.md says what comes next.
import { loadPackageDefinition, Server, ServerCredentials } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const here = new URL(".", import.meta.url).pathname;
const definition = loadSync("statewire/v1/stream.proto", {
  includeDirs: [`${here}proto`],
  keepCase: true,
  longs: Number,
  enums: String,
  oneofs: true,
});
const { FunctionServer } = loadPackageDefinition(definition).statewire.v1;

const states = ["value", "other", "expiring", "lazy"].map((name) => ({
  name,
  typename: "conformance/bytes",
}));
states[2].expiration = { mode: "MODE_AFTER_WRITE", duration_ms: 60000 };
const welcome = {
  version: 1,
  sdk_name: "my-sdk",
  functions: [{ type_name: "conformance/interpreter", states }],
  window: { invocations: 1000, bytes: 16777216 },
};

const streams = new Set();

/** One stream: the runtime speaks first. */
function connect(call) {
  streams.add(call);
  call.on("data", (frame) => receive(call, frame));
  call.on("end", () => call.end()); // [DRAIN-6] when results are left, send them first.
  call.on("error", () => undefined);
  call.on("close", () => streams.delete(call));
}

function receive(call, frame) {
  switch (frame.frame) {
    case "hello":
      if (!frame.hello.versions.includes(1)) return fail(call, "HELLO-3", "this server speaks [1]");
      return call.write({ welcome });
    case "invocations":
      return call.write({ results: { results: frame.invocations.invocations.map(run) } });
    case "error":
      console.error(`protocol error ${frame.error.clause}: ${frame.error.message}`);
      return end(call);
    default: // credit, drain and state_reply come next.
  }
}

/** Runs the inputs of an invocation in order. Next: do what their commands say. */
function run(invocation) {
  return { invocation_id: invocation.invocation_id };
}

function fail(call, clause, message) {
  call.write({ error: { clause, message } });
  end(call);
}

/** INVALID_ARGUMENT. [ERROR-5] */
function end(call) {
  call.emit("error", { code: 3, details: "protocol error" });
}

const server = new Server({
  "grpc.max_receive_message_length": 64 << 20,
  "grpc.http2.max_ping_strikes": 0,
});
server.addService(FunctionServer.service, { Connect: connect });
server.bindAsync(process.env.CONFORMANCE_ADDRESS, ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
});
process.once("SIGTERM", () => {
  for (const call of streams) call.write({ drain: { reason: "stop" } });
  server.tryShutdown(() => process.exit(0));
});
