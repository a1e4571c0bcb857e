import type { ProtocolError } from "@statewire/protos/statewire/v1/stream.js";
import { type BatchRunner, runBatch } from "../batch-runner.js";
import { StatewireError } from "../errors.js";
import type { RegisteredFunction } from "../registered-function.js";
import type { Batch } from "../session/batch.js";
import { ProtocolViolation } from "../session/protocol-violation.js";
import { Session, type SessionOptions, type SessionOutput } from "../session/session.js";
import { RuntimeFrameDecoder } from "../wire/runtime-frame.js";
import { encodeServerFrame } from "../wire/server-frame.js";

/** The stream as a driver sees it. */
export interface FrameSink {
  /** Sends a frame; false: wait for {@link StreamDriver.resume} before sending more results. */
  write(frame: Buffer): boolean;
  /** Ends the stream after what was written: in order, or for a protocol error. */
  end(error: ProtocolError | undefined): void;
}

/** Who watches a stream. Calls are rare: none per message. */
export interface StreamObserver {
  opened(): void;
  failed(batch: Batch, error: unknown): void;
  protocolError(error: ProtocolError, brokenBy: "runtime" | "server"): void;
}

/** What a stream is made of. */
export interface StreamDriverOptions {
  readonly functions: readonly RegisteredFunction[];
  readonly session: SessionOptions;
  readonly sink: FrameSink;
  readonly observer: StreamObserver;
}

/** How late a handler without end may be noticed. */
const sweepIntervalMs = 100;

interface PendingLoad {
  readonly resolve: () => void;
  readonly reject: (error: StatewireError) => void;
}

/**
 * Runs one stream: feeds its session with frames and time, runs the batches that the session gives
 * out, and sends their results together once per turn of the event loop.
 */
export class StreamDriver implements BatchRunner {
  readonly #functions: readonly RegisteredFunction[];
  readonly #session: Session;
  readonly #sink: FrameSink;
  readonly #observer: StreamObserver;
  readonly #frameBytesMax: number;
  readonly #decoder = new RuntimeFrameDecoder();
  readonly #loads = new Map<Batch, PendingLoad[]>();
  readonly #signals = new Map<Batch, AbortController>();
  #flushScheduled = false;
  #writable = true;
  #halfClosed = false;
  #sweep: NodeJS.Timeout | undefined;

  constructor(options: StreamDriverOptions) {
    this.#functions = options.functions;
    this.#session = new Session(options.session);
    this.#sink = options.sink;
    this.#observer = options.observer;
    this.#frameBytesMax = options.session.offer.frameBytesMax;
  }

  /** Whether the handshake is done and the stream has not ended. */
  get isOpen(): boolean {
    return this.#session.phase === "open";
  }

  /** A frame arrived. */
  receive(bytes: Buffer): void {
    try {
      this.#validateSize(bytes.length);
      this.#perform(
        this.#session.receive(this.#decoder.decode(bytes, this.#session), performance.now()),
      );
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) {
        throw error;
      }
      if (this.#session.phase !== "ended") {
        this.#perform(this.#session.reject(error));
      }
    }
    this.#scheduleFlush();
    this.#scheduleSweep();
  }

  /** The stream takes frames again. */
  resume(): void {
    this.#writable = true;
    this.#scheduleFlush();
  }

  /** Tells the runtime that this side wants to go. It closes the stream when nothing is in flight. */
  drain(reason: string): void {
    this.#perform(this.#session.drain(reason));
  }

  /** The runtime sends no more frames: what is left is sent, then the stream ends. */
  halfClosed(): void {
    this.#halfClosed = true;
    this.#scheduleFlush();
  }

  /** The stream is gone. Handlers that still run are told, and nothing that they do counts. */
  lost(): void {
    clearTimeout(this.#sweep);
    this.#sweep = undefined;
    for (const batch of this.#session.abandon()) {
      this.#release(
        batch,
        new StatewireError("stream-lost", "the stream to the runtime has ended"),
      );
    }
  }

  finished(batch: Batch): void {
    this.#signals.delete(batch);
    // What its handler did not wait for is never settled: rejecting it could end the process.
    this.#loads.delete(batch);
    this.#session.finish(batch);
    if (this.#session.fillsFrame) {
      this.#flush();
    } else {
      this.#scheduleFlush();
    }
  }

  failed(batch: Batch, error: unknown): void {
    this.#observer.failed(batch, error);
  }

  loadState(batch: Batch, state: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const outputs = this.#session.requestState(batch, state);
      if (outputs.length === 0) {
        reject(new StatewireError("stream-lost", "nobody waits for this invocation any more"));
        return;
      }
      const pending = this.#loads.get(batch) ?? [];
      pending.push({ resolve, reject });
      this.#loads.set(batch, pending);
      this.#perform(outputs);
    });
  }

  signalOf(batch: Batch): AbortSignal {
    if (batch.input === undefined) {
      return AbortSignal.abort(new StatewireError("context-closed", "the handler has finished"));
    }
    let controller = this.#signals.get(batch);
    if (controller === undefined) {
      controller = new AbortController();
      this.#signals.set(batch, controller);
    }
    return controller.signal;
  }

  #validateSize(bytes: number): void {
    const bytesMax = this.#session.frameBytesMax ?? this.#frameBytesMax;
    if (bytes > bytesMax) {
      throw new ProtocolViolation(
        "LIMIT-1",
        `frame of ${bytes} bytes exceeds frame_bytes_max ${bytesMax}`,
      );
    }
  }

  #perform(outputs: readonly SessionOutput[]): void {
    for (const output of outputs) {
      switch (output.kind) {
        case "send":
          this.#write(encodeServerFrame(output.frame));
          if (output.frame.frame?.$case === "welcome") {
            this.#observer.opened();
          }
          break;
        case "run":
          this.#run(output.batch);
          break;
        case "stateLoaded":
          this.#loads.get(output.batch)?.shift()?.resolve();
          break;
        case "giveUp":
          this.#release(output.batch, new StatewireError("timeout", "the runtime gave up"));
          break;
        case "end":
          this.#observer.protocolError(output.error, output.brokenBy);
          this.#sink.end(output.error);
          this.lost();
          break;
      }
    }
  }

  #run(batch: Batch): void {
    const registered = this.#functions[batch.functionIndex];
    if (registered === undefined) {
      throw new Error(`batch of function ${batch.functionIndex}, the table is shorter`);
    }
    runBatch(registered, batch, this);
  }

  #write(frame: Buffer): void {
    this.#writable = this.#sink.write(frame) && this.#writable;
  }

  #scheduleFlush(): void {
    if (!this.#flushScheduled) {
      this.#flushScheduled = true;
      setImmediate(() => {
        this.#flushScheduled = false;
        this.#flush();
      });
    }
  }

  #flush(): void {
    const nowMs = performance.now();
    while (this.#writable) {
      const frame = this.#session.takeResults(nowMs);
      if (frame === undefined) {
        break;
      }
      this.#write(encodeServerFrame(frame));
    }
    const done = this.#session.inFlightCount === 0 && this.#session.queuedCount === 0;
    if (this.#halfClosed && done && this.#session.phase !== "ended") {
      this.#halfClosed = false;
      this.#sink.end(undefined);
    }
  }

  /** One timer for all invocations, and only while some are in flight. */
  #scheduleSweep(): void {
    if (this.#sweep !== undefined || this.#session.inFlightCount === 0) {
      return;
    }
    this.#sweep = setTimeout(() => {
      this.#sweep = undefined;
      for (const batch of this.#session.expire(performance.now())) {
        const error = new StatewireError("timeout", `no result within ${batch.timeoutMs} ms`);
        this.#observer.failed(batch, error);
        this.#release(batch, error);
      }
      this.#scheduleFlush();
      this.#scheduleSweep();
    }, sweepIntervalMs);
    this.#sweep.unref();
  }

  /** Lets go of whatever waits on behalf of a batch that no longer counts. */
  #release(batch: Batch, error: StatewireError): void {
    for (const load of this.#loads.get(batch) ?? []) {
      load.reject(error);
    }
    this.#loads.delete(batch);
    this.#signals.get(batch)?.abort(error);
    this.#signals.delete(batch);
  }
}
