import { credentials } from "@grpc/grpc-js";
import { IngressClient } from "@statewire/protos/statewire/v1/ingress.js";
import { type Figures, LatencyRecorder } from "../figures.js";
import { instanceId } from "../instance-id.js";
import { KeySequence } from "../key-sequence.js";
import { serveCommands } from "../process/command-server.js";

/** One durable gRPC call at a time. */

export const callLoadCommands = { run };
export type CallLoadCommands = typeof callLoadCommands;

const one: Buffer = Buffer.from([9, 1, 0, 0, 0, 0, 0, 0, 0]);

/** @throws Error when a call fails. */
async function run(options: {
  readonly grpcPort: number;
  readonly keys: number;
  readonly durationMs: number;
}): Promise<Figures> {
  const client = new IngressClient(`127.0.0.1:${options.grpcPort}`, credentials.createInsecure());
  const keys = new KeySequence(options.keys, "uniform", 6);
  const latency = new LatencyRecorder();
  const startMs = performance.now();
  let calls = 0;
  while (performance.now() - startMs < options.durationMs) {
    const sentMs = performance.now();
    await callCounter(client, instanceId(keys.next()));
    latency.recordMs(performance.now() - sentMs);
    calls += 1;
  }
  const seconds = (performance.now() - startMs) / 1000;
  client.close();
  return { perSecond: calls / seconds, ...latency.figures() };
}

function callCounter(client: IngressClient, id: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = {
      target: { namespace: "bench", type: "counter", id },
      message: { typename: "io.statefun.types/long", value: one },
      idempotencyKey: "",
      traceparent: "",
    };
    client.call(request, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}

serveCommands(callLoadCommands);
