import type { Address } from "./address.js";

/** What a server reports while it runs. None of these is sent per message, failures apart. */
export type ServeEvent =
  /** A runtime has completed the handshake. */
  | { readonly kind: "connected"; readonly peer: string }
  /** A stream has ended, for whatever reason. */
  | { readonly kind: "disconnected"; readonly peer: string; readonly reason: string }
  /** Dialling a runtime failed, or its stream ended; the next attempt follows. */
  | {
      readonly kind: "redialling";
      readonly peer: string;
      readonly reason: string;
      readonly delayMs: number;
    }
  /** One side broke the protocol; the stream ends. `clause` is one of PROTOCOL.md. */
  | {
      readonly kind: "protocolError";
      readonly peer: string;
      readonly brokenBy: "runtime" | "server";
      readonly clause: string;
      readonly message: string;
    }
  /** A message failed. The runtime is told; what was thrown, with its stack, is here. */
  | { readonly kind: "messageFailed"; readonly address: Address; readonly error: unknown };

const linesPerSecondMax = 20;

/**
 * Writes troubles as lines of text, with a stack where a handler threw one. Streams that come and go
 * in the course of things are no trouble. Beyond 20 lines in a second it only counts: a function that
 * fails for every message must not spend its time on saying so.
 */
export function createTroubleReporter(
  write: (line: string) => void,
  nowMs: () => number,
): (event: ServeEvent) => void {
  let secondStartMs = Number.NEGATIVE_INFINITY;
  let lines = 0;
  return (event) => {
    if (event.kind === "connected" || event.kind === "disconnected") {
      return;
    }
    if (nowMs() - secondStartMs >= 1000) {
      const omitted = lines - linesPerSecondMax;
      if (omitted > 0) {
        write(`statewire: ${omitted} more lines were not written`);
      }
      secondStartMs = nowMs();
      lines = 0;
    }
    lines++;
    if (lines <= linesPerSecondMax) {
      write(formatServeEvent(event));
    }
  };
}

/** One line for people; more when an error has a stack. */
export function formatServeEvent(event: ServeEvent): string {
  switch (event.kind) {
    case "connected":
      return `statewire: connected to ${event.peer}`;
    case "disconnected":
      return `statewire: stream to ${event.peer} ended: ${event.reason}`;
    case "redialling":
      return `statewire: ${event.peer} is not reached, next attempt in ${event.delayMs} ms: ${event.reason}`;
    case "protocolError":
      return `statewire: protocol error with ${event.peer}, ${event.clause} broken by the ${event.brokenBy}: ${event.message}`;
    case "messageFailed": {
      const { namespace, type, id } = event.address;
      const { error } = event;
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return `statewire: message to ${namespace}/${type}/${id} failed: ${detail}`;
    }
  }
}
