import { parseTypeName } from "../address.js";
import type { RegisteredFunction } from "../registered-function.js";
import type { ServeEvent } from "../serve-event.js";
import type { ServerOffer } from "../session/handshake.js";
import type { SessionOptions } from "../session/session.js";
import { type FrameSink, StreamDriver } from "./stream-driver.js";

/** One stream that is open now. */
export interface HostedStream {
  readonly driver: StreamDriver;
  /** Whether the handshake was completed at any time. */
  readonly wasOpened: () => boolean;
  /** Whether either side broke the protocol. */
  readonly hadProtocolError: () => boolean;
  /** The stream is gone. Later calls do nothing. */
  readonly lost: (reason: string) => void;
}

/** What the streams of one process have in common. */
export interface StreamHostOptions {
  readonly functions: readonly RegisteredFunction[];
  readonly session: SessionOptions;
  readonly handshakeTimeoutMs: number;
  readonly onEvent: (event: ServeEvent) => void;
}

/** All streams of one process, whoever dialled them. Each has a session of its own. */
export class StreamHost {
  readonly offer: ServerOffer;
  readonly #options: StreamHostOptions;
  readonly #streams = new Map<StreamDriver, FrameSink>();
  #draining = false;
  #whenEmpty: (() => void) | undefined;

  constructor(options: StreamHostOptions) {
    this.#options = options;
    this.offer = options.session.offer;
  }

  /** Starts a session on a stream that has just been opened. */
  open(peer: string, sink: FrameSink): HostedStream {
    const { functions, session, onEvent, handshakeTimeoutMs } = this.#options;
    let opened = false;
    let protocolError = false;
    let gone = false;
    const driver = new StreamDriver({
      functions,
      session,
      sink,
      observer: {
        opened: () => {
          opened = true;
          clearTimeout(handshake);
          onEvent({ kind: "connected", peer });
          if (this.#draining) {
            driver.drain("shutting down");
          }
        },
        failed: (batch, error) => {
          const address = { ...parseTypeName(batch.typeName), id: batch.id };
          onEvent({ kind: "messageFailed", address, error, attempt: batch.attempt + 1 });
        },
        protocolError: ({ clause, message }, brokenBy) => {
          protocolError = true;
          onEvent({ kind: "protocolError", peer, brokenBy, clause, message });
        },
      },
    });
    const handshake = setTimeout(() => sink.end(undefined), handshakeTimeoutMs);
    this.#streams.set(driver, sink);
    const lost = (reason: string): void => {
      if (gone) {
        return;
      }
      gone = true;
      clearTimeout(handshake);
      driver.lost();
      this.#streams.delete(driver);
      onEvent({ kind: "disconnected", peer, reason });
      if (this.#streams.size === 0) {
        this.#whenEmpty?.();
      }
    };
    return { driver, wasOpened: () => opened, hadProtocolError: () => protocolError, lost };
  }

  /**
   * Asks every runtime to send nothing more, and waits until all streams have ended or the time is
   * up. Streams that are still open then are ended; the runtime runs their invocations elsewhere.
   */
  async drain(timeoutMs: number): Promise<void> {
    this.#draining = true;
    for (const [driver, sink] of this.#streams) {
      if (driver.isOpen) {
        driver.drain("shutting down");
      } else {
        sink.end(undefined);
      }
    }
    if (this.#streams.size > 0) {
      await this.#waitUntilEmpty(timeoutMs);
    }
    for (const sink of this.#streams.values()) {
      sink.end(undefined);
    }
  }

  #waitUntilEmpty(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#whenEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
