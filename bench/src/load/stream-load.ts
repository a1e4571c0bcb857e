import { credentials } from "@grpc/grpc-js";
import {
  IngressClient,
  IngressService,
  SendStreamRequest,
  SendStreamResponse,
} from "@statewire/protos/statewire/v1/ingress.js";
import { type Figures, LatencyRecorder } from "../figures.js";
import { instanceId } from "../instance-id.js";
import { type Distribution, KeySequence } from "../key-sequence.js";
import { serveCommands } from "../process/command-server.js";

/**
 * Load on a runtime's gRPC ingress: many messages per request of one stream, a bounded number not
 * yet acknowledged. Requests are encoded before the time runs, so that this process costs little of
 * the machine that it shares.
 */

export const streamLoadCommands = { prepare, run, sendEach, sendMany };
export type StreamLoadCommands = typeof streamLoadCommands;

const messagesPerRequest = 64;
const requestsPrepared = 4096;

/** Encodes 1 as io.statefun.types/long. */
const one: Buffer = encodeLong(1);

let prepared: readonly Buffer[] = [];
let position = 0;

/** Which function type gets the messages; all in the namespace bench. */
interface Target {
  readonly type: "counter" | "hop" | "fan";
}

/** Encodes what run() sends. */
function prepare(
  options: Target & { readonly keys: number; readonly distribution: Distribution },
): void {
  const keys = new KeySequence(options.keys, options.distribution, 5);
  prepared = Array.from({ length: requestsPrepared }, () => {
    const ids = Array.from({ length: messagesPerRequest }, () => instanceId(keys.next()));
    return encodeRequest(options.type, ids, one);
  });
}

/**
 * Sends in a closed loop, counted in messages that are not acknowledged yet, then awaits the rest.
 * Latency is that of the acknowledgement of a request's first message.
 *
 * @throws Error when a message is not accepted or the stream is lost.
 */
async function run(options: {
  readonly grpcPort: number;
  readonly durationMs: number;
  readonly inFlight: number;
}): Promise<Figures & { readonly sent: number }> {
  const startMs = performance.now();
  const endMs = startMs + options.durationMs;
  const next = (): Buffer | undefined => {
    if (performance.now() >= endMs) return undefined;
    position = (position + 1) % prepared.length;
    return prepared[position];
  };
  const { sent, latency } = await sendAll(options.grpcPort, options.inFlight, next);
  const perSecond = (sent * 1000) / (performance.now() - startMs);
  return { sent, perSecond, ...latency.figures() };
}

/** Sends one message to each key once, in order. */
async function sendEach(
  options: Target & { readonly grpcPort: number; readonly keys: number },
): Promise<void> {
  let key = 0;
  const next = (): Buffer | undefined => {
    if (key >= options.keys) return undefined;
    const length = Math.min(messagesPerRequest, options.keys - key);
    const ids = Array.from({ length }, (_, index) => instanceId(key + index));
    key += length;
    return encodeRequest(options.type, ids, one);
  };
  await sendAll(options.grpcPort, 4096, next);
}

/** Sends so many messages of the same value to different instances. */
async function sendMany(
  options: Target & { readonly grpcPort: number; readonly count: number; readonly value: number },
): Promise<void> {
  let sent = 0;
  const value = encodeLong(options.value);
  const next = (): Buffer | undefined => {
    if (sent >= options.count) return undefined;
    const length = Math.min(messagesPerRequest, options.count - sent);
    const ids = Array.from({ length }, (_, index) => instanceId(sent + index));
    sent += length;
    return encodeRequest(options.type, ids, value);
  };
  await sendAll(options.grpcPort, options.count, next);
}

function sendAll(
  grpcPort: number,
  inFlight: number,
  next: () => Buffer | undefined,
): Promise<{ readonly sent: number; readonly latency: LatencyRecorder }> {
  const client = new IngressClient(`127.0.0.1:${grpcPort}`, credentials.createInsecure());
  const stream = client.makeBidiStreamRequest<Buffer, SendStreamResponse>(
    IngressService.sendStream.path,
    (bytes) => bytes,
    (bytes) => SendStreamResponse.decode(bytes),
  );
  const latency = new LatencyRecorder();
  const sentMs = new Map<number, number>();
  let sent = 0;
  let acknowledged = 0;
  let ended = false;
  const fill = (): void => {
    while (!ended && sent - acknowledged < inFlight) {
      const request = next();
      if (request === undefined) {
        ended = true;
        stream.end();
        return;
      }
      sentMs.set(sent, performance.now());
      stream.write(request);
      sent += messagesIn(request);
    }
  };
  return new Promise((resolve, reject) => {
    stream.on("data", ({ acknowledgements }: SendStreamResponse) => {
      for (const { index, code, error } of acknowledgements) {
        if (code !== 0) reject(new Error(`message ${index} was not accepted: ${code} ${error}`));
        const beganMs = sentMs.get(index);
        if (beganMs === undefined) continue;
        sentMs.delete(index);
        latency.recordMs(performance.now() - beganMs);
      }
      acknowledged += acknowledgements.length;
      fill();
    });
    stream.on("error", reject);
    stream.on("end", () => {
      client.close();
      if (acknowledged === sent) resolve({ sent, latency });
      else reject(new Error(`${acknowledged} of ${sent} messages were acknowledged`));
    });
    fill();
  });
}

/** Remembered per request, because counting would decode it. */
const messageCounts = new WeakMap<Buffer, number>();

function messagesIn(request: Buffer): number {
  return messageCounts.get(request) ?? 0;
}

function encodeRequest(type: Target["type"], ids: readonly string[], value: Buffer): Buffer {
  const messages = ids.map((id) => ({
    target: { namespace: "bench", type, id },
    message: { typename: "io.statefun.types/long", value },
    idempotencyKey: "",
    producer: undefined,
    delayMs: 0,
    traceparent: "",
  }));
  const request = Buffer.from(SendStreamRequest.encode({ messages }).finish());
  messageCounts.set(request, ids.length);
  return request;
}

/** io.statefun.types/long of a number other than 0. */
function encodeLong(value: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = 9;
  bytes.writeBigInt64LE(BigInt(value), 1);
  return bytes;
}

serveCommands(streamLoadCommands);
