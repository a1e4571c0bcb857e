import { type ClientDuplexStream, credentials } from "@grpc/grpc-js";
import {
  FunctionServerClient,
  type Hello,
  type InvocationBatch,
  type RuntimeFrame,
  type ServerFrame,
} from "@statewire/protos/statewire/v1/stream.js";
import type { Figures } from "../figures.js";
import { instanceIds } from "../instance-id.js";
import { serveCommands } from "../process/command-server.js";
import { invocationFrame } from "./frames.js";

/**
 * A runtime that decides nothing and keeps nothing: it invokes the functions of the workload over
 * the stream protocol as fast as the SDK takes it. What the runtime cannot be faster than.
 */

export const sessionClientCommands = { run };
export type SessionClientCommands = typeof sessionClientCommands;

const perFrame = 64;
const inFlight = 2048;

const hello: Hello = {
  versions: [1],
  runtimeName: "statewire-bench",
  runtimeVersion: "0.1.0",
  nodeId: "bench",
  limits: {
    frameBytesMax: 4 * 1024 * 1024,
    valueBytesMax: 1024 * 1024,
    idBytesMax: 512,
    effectsMax: 10_000,
    // No result ever waits for credit.
    resultCreditBytes: 2 ** 50,
  },
  features: ["leases"],
};

/** Invokes bench/counter for so long; with leases, state is sent once per instance only. */
function run(options: {
  readonly port: number;
  readonly keys: number;
  readonly leases: boolean;
  readonly durationMs: number;
}): Promise<Figures> {
  const client = new FunctionServerClient(
    `127.0.0.1:${options.port}`,
    credentials.createInsecure(),
  );
  const stream = client.connect();
  const next = createInvoker(options);
  const startMs = performance.now();
  let done = 0;
  let endMs = 0;
  return new Promise((resolve, reject) => {
    stream.on("data", ({ frame }: ServerFrame) => {
      if (frame?.$case === "error") reject(new Error(frame.value.message));
      if (frame?.$case === "welcome") fill(stream, inFlight, next);
      if (frame?.$case !== "results" || endMs > 0) return;
      done += frame.value.results.length;
      const nowMs = performance.now();
      if (nowMs - startMs < options.durationMs) {
        fill(stream, frame.value.results.length, next);
        return;
      }
      endMs = nowMs;
      client.close();
      stream.cancel();
      resolve({ perSecond: (done * 1000) / (endMs - startMs) });
    });
    stream.on("error", (error) => {
      if (endMs === 0) reject(error);
    });
    stream.write({ frame: { $case: "hello", value: hello } });
  });
}

function fill(
  stream: ClientDuplexStream<RuntimeFrame, ServerFrame>,
  invocations: number,
  next: (count: number) => RuntimeFrame,
): void {
  for (let sent = 0; sent < invocations; sent += perFrame) {
    stream.write(next(Math.min(perFrame, invocations - sent)));
  }
}

/** Goes through the keys in order: none is in flight twice, because there are more than inFlight. */
function createInvoker(options: {
  readonly keys: number;
  readonly leases: boolean;
}): (count: number) => RuntimeFrame {
  const ids = instanceIds(options.keys);
  const leases = new Float64Array(options.keys);
  let invocation = 1;
  let key = 0;
  return (count) => {
    const keys = Array.from({ length: count }, (_, index) => (key + index) % options.keys);
    key = (key + count) % options.keys;
    const frame = invocationFrame(
      "counter",
      invocation,
      keys.map((drawn) => ids[drawn] ?? ""),
    );
    if (options.leases && frame.frame?.$case === "invocations") {
      takeLeases(frame.frame.value, keys, leases);
    }
    invocation += count;
    return frame;
  };
}

function takeLeases(batch: InvocationBatch, keys: readonly number[], leases: Float64Array): void {
  for (const [index, invocation] of batch.invocations.entries()) {
    const key = keys[index] ?? 0;
    const lease = leases[key] ?? 0;
    leases[key] = invocation.invocationId;
    if (lease === 0) continue;
    invocation.lease = lease;
    invocation.states = [];
  }
}

serveCommands(sessionClientCommands);
