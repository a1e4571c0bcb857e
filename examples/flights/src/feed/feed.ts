import { setTimeout as wait } from "node:timers/promises";
import { type ClientDuplexStream, credentials } from "@grpc/grpc-js";
import {
  IngressClient,
  SendRequest,
  type SendStreamRequest,
  type SendStreamResponse,
} from "@statewire/protos/statewire/v1/ingress.js";
import { typed } from "@statewire/sdk";
import type { Flight } from "../flight.js";
import { airportReference, departure } from "../messages.js";

/** Names the feed to the runtime, which remembers how far it has come. */
const source = "flights/feed";
/** Between two batches: often enough to look like a stream. */
const batchIntervalMs = 50;
const reconnectDelayMs = 500;

export interface FeedOptions {
  /** "host:port" of the runtime's gRPC API. */
  readonly address: string;
  readonly flightsPerSecond: number;
  /** How many are durable so far; called after every batch. */
  readonly onProgress: (sent: number, duplicates: number) => void;
  /** The runtime is away; the feed goes on by itself. */
  readonly onTrouble: (reason: string) => void;
}

/**
 * Sends flights in order, at a steady rate, each numbered. The runtime drops what it has had, so a
 * feed that is killed and begins anew, or repeats a batch of which it has not heard, changes nothing.
 *
 * @throws Error when the runtime rejects a flight.
 */
export async function feed(flights: readonly Flight[], options: FeedOptions): Promise<void> {
  let sent = 0;
  let duplicates = 0;
  while (sent < flights.length) {
    const client = new IngressClient(options.address, credentials.createInsecure());
    try {
      for await (const batch of sendFrom(client.sendStream(), flights, sent, options)) {
        sent += batch.count;
        duplicates += batch.duplicates;
        options.onProgress(sent, duplicates);
      }
    } catch (error) {
      if (error instanceof RejectedFlight) throw error;
      options.onTrouble(error instanceof Error ? error.message : String(error));
      await wait(reconnectDelayMs);
    } finally {
      client.close();
    }
  }
}

class RejectedFlight extends Error {}

async function* sendFrom(
  stream: ClientDuplexStream<SendStreamRequest, SendStreamResponse>,
  flights: readonly Flight[],
  first: number,
  { flightsPerSecond }: FeedOptions,
): AsyncGenerator<{ readonly count: number; readonly duplicates: number }> {
  const answers = (stream as AsyncIterable<SendStreamResponse>)[Symbol.asyncIterator]();
  const size = Math.max(1, Math.round((flightsPerSecond * batchIntervalMs) / 1000));
  for (let start = first; start < flights.length; start += size) {
    const batch = flights.slice(start, start + size);
    stream.write({ messages: batch.map((flight, at) => toRequest(flight, start + at)) });
    let count = 0;
    let duplicates = 0;
    while (count < batch.length) {
      const answer = await answers.next();
      if (answer.done === true) throw new Error("the runtime has closed the stream");
      for (const { code, error, duplicate } of answer.value.acknowledgements) {
        if (code !== 0) throw new RejectedFlight(`flight ${start + count} was rejected: ${error}`);
        if (duplicate) duplicates++;
        count++;
      }
    }
    yield { count, duplicates };
    // What the runtime has had already costs no time.
    if (duplicates < batch.length) await wait(batchIntervalMs);
  }
  stream.end();
}

function toRequest(flight: Flight, index: number): SendRequest {
  const { typename, value } = typed(departure, flight);
  return SendRequest.fromPartial({
    target: airportReference.at(flight.origin),
    message: { typename, ...(value === undefined ? {} : { value: Buffer.from(value) }) },
    producer: { source, sequence: index + 1 },
  });
}
