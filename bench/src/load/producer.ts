import { type ClientDuplexStream, credentials } from "@grpc/grpc-js";
import {
  IngressClient,
  type SendRequest,
  type SendStreamRequest,
  type SendStreamResponse,
} from "@statewire/protos/statewire/v1/ingress.js";
import { instanceId } from "../instance-id.js";
import { KeySequence } from "../key-sequence.js";
import { serveCommands } from "../process/command-server.js";

/**
 * An exactly-once producer: it numbers its messages, remembers those that are not acknowledged, and
 * sends them again, in order, when the runtime was lost. What it counts is what must be in state.
 */

export const producerCommands = { produce };
export type ProducerCommands = typeof producerCommands;

const messagesPerRequest = 64;
const inFlight = 2048;
const keysTotal = 10_000;

const keys = new KeySequence(keysTotal, "uniform", 7);
const one: Buffer = Buffer.from([9, 1, 0, 0, 0, 0, 0, 0, 0]);
let unacknowledged: SendRequest[] = [];
let sequence = 0;

/** How a stretch of production ended. */
export interface Produced {
  /** True when the runtime went away before everything was acknowledged. */
  readonly lost: boolean;
  /** Messages that this producer has made since it began; each takes effect once. */
  readonly produced: number;
  /** From the start of this stretch until the first acknowledgement, in milliseconds. */
  readonly firstAcknowledgedMs: number;
}

/** Sends what is unacknowledged, then new messages until the time is over or the runtime is lost. */
function produce(options: {
  readonly grpcPort: number;
  readonly durationMs: number;
}): Promise<Produced> {
  const client = new IngressClient(`127.0.0.1:${options.grpcPort}`, credentials.createInsecure());
  const stream = client.sendStream();
  const startMs = performance.now();
  const endMs = startMs + options.durationMs;
  let firstAcknowledgedMs = 0;
  let sent = 0;
  let ended = false;
  const fill = (): void => {
    while (!ended && sent < inFlight) {
      if (performance.now() >= endMs) {
        ended = true;
        stream.end();
        return;
      }
      unacknowledged.push(
        ...write(stream, Array.from({ length: messagesPerRequest }, makeMessage)),
      );
      sent += messagesPerRequest;
    }
  };
  return new Promise((resolve, reject) => {
    const finish = (lost: boolean): void => {
      client.close();
      resolve({ lost, produced: sequence, firstAcknowledgedMs });
    };
    stream.on("data", ({ acknowledgements }: SendStreamResponse) => {
      if (firstAcknowledgedMs === 0) firstAcknowledgedMs = performance.now() - startMs;
      const refused = acknowledgements.find(({ code }) => code !== 0);
      if (refused !== undefined) reject(new Error(refused.error));
      unacknowledged = unacknowledged.slice(acknowledgements.length);
      sent -= acknowledgements.length;
      fill();
    });
    stream.on("error", () => finish(true));
    stream.on("end", () => finish(unacknowledged.length > 0));
    for (let from = 0; from < unacknowledged.length; from += messagesPerRequest) {
      sent += write(stream, unacknowledged.slice(from, from + messagesPerRequest)).length;
    }
    fill();
  });
}

function write(
  stream: ClientDuplexStream<SendStreamRequest, SendStreamResponse>,
  messages: SendRequest[],
): readonly SendRequest[] {
  stream.write({ messages });
  return messages;
}

function makeMessage(): SendRequest {
  sequence += 1;
  return {
    target: { namespace: "bench", type: "counter", id: instanceId(keys.next()) },
    message: { typename: "io.statefun.types/long", value: one },
    idempotencyKey: "",
    producer: { source: "bench", sequence },
    delayMs: 0,
    traceparent: "",
  };
}

serveCommands(producerCommands);
