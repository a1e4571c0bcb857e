import type { Address } from "./address.js";
import { StatewireError } from "./errors.js";
import { describeCause } from "./type.js";

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
      /** Attempts that failed since the last handshake, from 1. */
      readonly attempt: number;
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
 * in the course of things are no trouble, and a runtime that is not reached is one, not one per
 * attempt. Beyond 20 lines in a second it only counts: a function that
 * fails for every message must not spend its time on saying so.
 */
export function createTroubleReporter(
  write: (line: string) => void,
  nowMs: () => number,
): (event: ServeEvent) => void {
  let secondStartMs = Number.NEGATIVE_INFINITY;
  let lines = 0;
  return (event) => {
    if (!isTrouble(event)) {
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

function isTrouble(event: ServeEvent): boolean {
  switch (event.kind) {
    case "connected":
    case "disconnected":
      return false;
    case "redialling":
      return event.attempt === 1;
    default:
      return true;
  }
}

/** One line for people; more when an error has a stack. */
export function formatServeEvent(event: ServeEvent): string {
  switch (event.kind) {
    case "connected":
      return `statewire: connected to ${event.peer}`;
    case "disconnected":
      return `statewire: stream to ${event.peer} ended: ${event.reason}`;
    case "redialling":
      return `statewire: ${event.peer} is not reached, dialling on: ${event.reason}`;
    case "protocolError":
      return `statewire: protocol error with ${event.peer}, ${event.clause} broken by the ${event.brokenBy}: ${event.message}`;
    case "messageFailed": {
      const { namespace, type, id } = event.address;
      return `statewire: message to ${namespace}/${type}/${id} failed: ${describeError(event.error)}`;
    }
  }
}

/** With the stack where the user's code threw; an error of this package says enough by itself. */
function describeError(error: unknown): string {
  if (error instanceof StatewireError) {
    return error.message;
  }
  return error instanceof Error ? (error.stack ?? error.message) : describeCause(error);
}
