import { type Address, formatAddress } from "./address.js";
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
  | {
      readonly kind: "messageFailed";
      readonly address: Address;
      readonly error: unknown;
      /** Attempts at the message that have failed, with this one. */
      readonly attempt: number;
    };

const linesPerSecondMax = 20;
/** One stack of each trouble says it; the same again soon after is a line. */
const stackIntervalMs = 10_000;

/**
 * Writes troubles as lines of text. What a handler threw has its stack once in ten seconds, at the
 * first attempt only. Streams that come and go in the course of things are no trouble, and a runtime
 * that is not reached is one, not one per attempt. Beyond 20 lines in a second it only counts: a
 * function that fails for every message must not spend its time on saying so.
 */
export function createTroubleReporter(
  write: (line: string) => void,
  nowMs: () => number,
): (event: ServeEvent) => void {
  let secondStartMs = Number.NEGATIVE_INFINITY;
  let lines = 0;
  const deservesStack = createStackFilter(nowMs);
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
    if (lines > linesPerSecondMax) {
      return;
    }
    const isBrief = event.kind === "messageFailed" && !deservesStack(event);
    write(isBrief ? formatFailure(event, describeBriefly(event.error)) : formatServeEvent(event));
  };
}

/** Whether a failure has not been shown with its stack already, or soon before. */
function createStackFilter(nowMs: () => number): (event: MessageFailed) => boolean {
  let startMs = Number.NEGATIVE_INFINITY;
  const shown = new Set<string>();
  return ({ address, attempt, error }) => {
    if (nowMs() - startMs >= stackIntervalMs) {
      startMs = nowMs();
      shown.clear();
    }
    const trouble = `${address.namespace}/${address.type} ${describeBriefly(error)}`;
    if (attempt > 1 || shown.has(trouble)) {
      return false;
    }
    shown.add(trouble);
    return true;
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
    case "messageFailed":
      return formatFailure(event, describeError(event.error));
  }
}

type MessageFailed = Extract<ServeEvent, { kind: "messageFailed" }>;

function formatFailure({ address, attempt }: MessageFailed, reason: string): string {
  const which = attempt > 1 ? ` (attempt ${attempt})` : "";
  return `statewire: message to ${formatAddress(address)} failed${which}: ${reason}`;
}

/** With the stack where the user's code threw; an error of this package says enough by itself. */
function describeError(error: unknown): string {
  const isForeign = error instanceof Error && !(error instanceof StatewireError);
  return isForeign ? (error.stack ?? describeBriefly(error)) : describeBriefly(error);
}

function describeBriefly(error: unknown): string {
  if (error instanceof StatewireError) {
    return error.message;
  }
  return error instanceof Error ? `${error.name}: ${error.message}` : describeCause(error);
}
