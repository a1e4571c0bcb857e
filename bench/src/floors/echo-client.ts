import { Client, type ClientDuplexStream, credentials } from "@grpc/grpc-js";
import {
  FunctionServerClient,
  ResultBatch,
  RuntimeFrame,
  type ServerFrame,
} from "@statewire/protos/statewire/v1/stream.js";
import { type Figures, LatencyRecorder } from "../figures.js";
import { instanceIds } from "../instance-id.js";
import { KeySequence } from "../key-sequence.js";
import { serveCommands } from "../process/command-server.js";
import { type FrameShape, invocationFrame, resultFrame } from "./frames.js";
import { opaqueService } from "./opaque-service.js";

/** The client half of the bare gRPC floors; echo-server.ts is the other. */

export const echoClientCommands = { frameBytes, framedEcho, opaqueEcho, roundTrips, unaryCalls };
export type EchoClientCommands = typeof echoClientCommands;

interface EchoOptions {
  readonly port: number;
  readonly shape: FrameShape;
  readonly keys: number;
  readonly perFrame: number;
  /** Invocations in flight; a multiple of perFrame. */
  readonly inFlight: number;
  readonly durationMs: number;
}

/** Bytes that one invocation and its result have on the stream, framing of ours included. */
function frameBytes(options: { readonly shape: FrameShape; readonly perFrame: number }): {
  readonly invocationBytes: number;
  readonly resultBytes: number;
} {
  const ids = instanceIds(options.perFrame);
  const frame = invocationFrame(options.shape, 1_000_000, ids);
  const results = resultFrame(options.shape, frame);
  if (results.frame?.$case !== "results") throw new Error("expected a frame of results");
  return {
    invocationBytes: RuntimeFrame.encode(frame).finish().length / options.perFrame,
    resultBytes: ResultBatch.encode(results.frame.value).finish().length / options.perFrame,
  };
}

/** Frames of invocations in a closed loop, encoded and decoded by the generated code. */
function framedEcho(options: EchoOptions): Promise<Figures> {
  const client = new FunctionServerClient(loopback(options.port), credentials.createInsecure());
  const ids = instanceIds(options.keys);
  const keys = new KeySequence(options.keys, "uniform", 1);
  let invocation = 1;
  const next = (): RuntimeFrame => {
    const drawn = Array.from({ length: options.perFrame }, () => ids[keys.next()] ?? "");
    const frame = invocationFrame(options.shape, invocation, drawn);
    invocation += options.perFrame;
    return frame;
  };
  const count = (frame: ServerFrame): number =>
    frame.frame?.$case === "results" ? frame.frame.value.results.length : 0;
  return closedLoop(client, client.connect(), options, next, count);
}

/** As many bytes in messages of the same size, which nobody encodes or decodes. */
function opaqueEcho(options: EchoOptions): Promise<Figures> {
  const client = new Client(loopback(options.port), credentials.createInsecure());
  const { path, requestSerialize, responseDeserialize } = opaqueService.echo;
  const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  const { invocationBytes } = frameBytes(options);
  const message = Buffer.alloc(Math.round(invocationBytes * options.perFrame), 1);
  return closedLoop(
    client,
    stream,
    options,
    () => message,
    () => options.perFrame,
  );
}

/** One frame of one invocation in flight at a time. */
function roundTrips(options: EchoOptions): Promise<Figures> {
  return framedEcho({ ...options, perFrame: 1, inFlight: 1 });
}

/** One unary call of opaque bytes at a time. */
async function unaryCalls(options: EchoOptions): Promise<Figures> {
  const client = new Client(loopback(options.port), credentials.createInsecure());
  const { path, requestSerialize, responseDeserialize } = opaqueService.call;
  const message = Buffer.alloc(Math.round(frameBytes({ ...options, perFrame: 1 }).invocationBytes));
  const latency = new LatencyRecorder();
  const startMs = performance.now();
  let calls = 0;
  while (performance.now() - startMs < options.durationMs) {
    const sentMs = performance.now();
    await new Promise<void>((resolve, reject) => {
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, message, (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
    latency.recordMs(performance.now() - sentMs);
    calls += 1;
  }
  const seconds = (performance.now() - startMs) / 1000;
  client.close();
  return { perSecond: calls / seconds, ...latency.figures() };
}

/** Keeps options.inFlight on the stream until the time is over, then ends it. */
function closedLoop<Request, Response>(
  client: Client,
  stream: ClientDuplexStream<Request, Response>,
  options: EchoOptions,
  next: () => Request,
  count: (response: Response) => number,
): Promise<Figures> {
  const latency = new LatencyRecorder();
  const sentMs: number[] = [];
  const startMs = performance.now();
  let done = 0;
  let endMs = 0;
  const send = (): void => {
    sentMs.push(performance.now());
    stream.write(next());
  };
  return new Promise((resolve, reject) => {
    stream.on("data", (response: Response) => {
      const nowMs = performance.now();
      if (endMs > 0) return;
      // Answers come in order of the requests: the server answers each frame before the next.
      latency.recordMs(nowMs - (sentMs.shift() ?? nowMs));
      done += count(response);
      if (nowMs - startMs < options.durationMs) {
        send();
        return;
      }
      endMs = nowMs;
      stream.end();
    });
    stream.on("error", reject);
    stream.on("end", () => {
      client.close();
      resolve({ perSecond: (done * 1000) / (endMs - startMs), ...latency.figures() });
    });
    for (let sent = 0; sent < options.inFlight; sent += options.perFrame) send();
  });
}

function loopback(port: number): string {
  return `127.0.0.1:${port}`;
}

serveCommands(echoClientCommands);
