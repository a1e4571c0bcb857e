import type { Hello, ServerFrame, StateRequest } from "@statewire/protos/statewire/v1/stream.js";
import {
  RuntimeFrame,
  ServerFrame as ServerFrameCodec,
} from "@statewire/protos/statewire/v1/stream.js";
import { InvocationEncoder } from "../codec/invocation-encoder.js";
import { ProtocolViolation } from "../codec/protocol-violation.js";
import type { ResultDecoder } from "../codec/result-decoder.js";
import { decodeServerFrame } from "../codec/server-frame.js";
import { cutForPeople } from "../codec/shown-text.js";
import { StreamTypes } from "../codec/stream-types.js";
import type { ServerHandshake } from "../codec/welcome-codec.js";
import { parseWelcome } from "../codec/welcome-codec.js";
import type { Command } from "../core/command.js";
import type { Invocation, SessionDispatch, StateReply } from "../core/effect.js";
import type { DispatchSession } from "./session.js";

/**
 * Frames of about this many invocations carry most per second: of larger ones too few are under way for
 * two busy processes.
 */
const frameInvocationsMax = 128;
/** A frame with several invocations has about this many bytes at the most. [FRAME-5] */
const frameBytesGoal = 64 * 1024;
/** Of the largest frame: what is not counted (long UTF-8, type definitions) must fit as well. */
const goalShareOfFrame = 1 / 4;
/** Tags, lengths and numbers of one message in a frame. */
const framingBytes = 24;

/** The stream below: bytes out, and its two ends. */
export interface FrameTransport {
  write(frame: Buffer): void;
  /** Half-closes, or ends the call: nothing more is written. */
  end(): void;
}

export interface SessionContext {
  /** Unique for the life of the process, rising. */
  readonly id: number;
  readonly hello: Hello;
  readonly decoder: ResultDecoder;
  readonly transport: FrameTransport;
  readonly submit: (command: Command) => void;
  /** The handshake is complete. Returns the table entries that may be bound. */
  readonly onReady: (handshake: ServerHandshake) => ServerHandshake["functions"];
  /** The core has taken the table: the server is in use from now on. */
  readonly onAttached: () => void;
  readonly onDraining: () => void;
  /** The session has failed: by the peer's fault, or as the peer says. */
  readonly onProtocolError: (error: {
    readonly clause: string;
    readonly message: string;
    readonly from: "peer" | "us";
  }) => void;
}

/**
 * The runtime's side of one stream: frames to commands, effects to frames.
 *
 *     handshaking -> open -> draining -> closed
 *
 * INVARIANT: between SessionAttached and SessionDetached, in this order and once each, every result
 * of the stream is submitted in the order in which it came.
 */
export class StreamSession implements DispatchSession {
  readonly #context: SessionContext;
  readonly #encoder = new InvocationEncoder();
  #state: "handshaking" | "open" | "draining" | "closed" = "handshaking";
  #types = new StreamTypes([]);
  #features: readonly string[] = [];
  /** The server's balance. [CREDIT-4] */
  #creditBytes: number;
  /** Taken from the balance and not yet given back. */
  #owedBytes = 0;
  #attached = false;
  /** At which a frame is closed when more than one invocation is in it. [LIMIT-10] */
  readonly #frameBytes: number;

  constructor(context: SessionContext) {
    this.#context = context;
    this.#creditBytes = context.hello.limits?.resultCreditBytes ?? 0;
    const frameBytesMax = context.hello.limits?.frameBytesMax ?? 0;
    this.#frameBytes = Math.min(frameBytesGoal, frameBytesMax * goalShareOfFrame);
    this.#send({ $case: "hello", value: context.hello });
  }

  get id(): number {
    return this.#context.id;
  }

  get isHandshaking(): boolean {
    return this.#state === "handshaking";
  }

  /** A frame from the peer. Whatever it holds, this does not throw. */
  receive(frame: Buffer): void {
    if (this.#state === "closed") return;
    try {
      this.#receive(frame);
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      this.fail(error.clause, error.message);
    }
  }

  /** The core has taken the table. */
  attached(): void {
    // Meanwhile the server may have asked for the end, or broken the protocol.
    if (this.#state === "open") this.#context.onAttached();
  }

  /** Invocations and state replies of one drain of the core. */
  dispatch({ invocations, stateReplies }: SessionDispatch): void {
    if (this.#state === "closed") return;
    for (const reply of stateReplies) this.#sendStateReply(reply);
    let from = 0;
    let bytes = 0;
    for (let at = 0; at < invocations.length; at++) {
      const size = sizeOf(invocations[at] as Invocation);
      const isFull = at - from >= frameInvocationsMax || bytes + size > this.#frameBytes;
      if (isFull && at > from) {
        this.#sendInvocations(invocations.slice(from, at));
        from = at;
        bytes = 0;
      }
      bytes += size;
    }
    if (from < invocations.length) {
      this.#sendInvocations(from === 0 ? invocations : invocations.slice(from));
    }
  }

  /** Asks for the end: the core gives no more invocations, and says when nothing is in flight. */
  drain(reason: string): void {
    if (this.#state === "closed") return;
    if (this.#state === "handshaking") {
      this.end();
      return;
    }
    this.#send({ $case: "drain", value: { reason } });
    this.#state = "draining";
    this.#context.submit({ kind: "sessionDraining", session: this.id });
  }

  /** Closes a stream on which nothing is in flight. [DRAIN-3] */
  end(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#context.transport.end();
    this.#detach();
  }

  /** Tells the peer which clause it broke, and ends the stream. [ERROR-1] */
  fail(clause: string, message: string): void {
    if (this.#state === "closed") return;
    this.#send({ $case: "error", value: { clause, message } });
    this.#context.onProtocolError({ clause, message, from: "us" });
    this.end();
  }

  /** The stream below has ended, for whatever reason. */
  lost(): void {
    this.#state = "closed";
    this.#detach();
  }

  #receive(frame: Buffer): void {
    if (this.#state !== "handshaking" && this.#results(frame)) return;
    const { frame: content } = decodeServerFrame(frame);
    if (content === undefined) throw new ProtocolViolation("FRAME-1", "a frame of no known kind");
    if (content.$case === "error") {
      const clause = cutForPeople(content.value.clause);
      const message = cutForPeople(content.value.message);
      this.#context.onProtocolError({ clause, message, from: "peer" });
      this.end();
      return;
    }
    if (this.#state === "handshaking") this.#handshake(content);
    else this.#control(content);
  }

  /** False when the frame is not results and nothing else. */
  #results(frame: Buffer): boolean {
    const decoded = this.#context.decoder.decode(frame, this.#types, this.#creditBytes);
    if (decoded === undefined) return false;
    this.#creditBytes -= decoded.payloadBytes;
    this.#owedBytes += decoded.payloadBytes;
    this.#context.submit({ kind: "results", session: this.id, results: decoded.results });
    this.#returnCredit();
    return true;
  }

  #handshake(content: NonNullable<ServerFrame["frame"]>): void {
    if (content.$case !== "welcome") {
      throw new ProtocolViolation("HELLO-2", `${content.$case} before welcome`);
    }
    const handshake = parseWelcome(content.value, this.#context.hello);
    this.#types = new StreamTypes(handshake.functions);
    this.#features = handshake.features;
    this.#state = "open";
    const functions = this.#context.onReady(handshake);
    this.#attached = true;
    const { window, leasesMax } = handshake;
    const session = this.id;
    this.#context.submit({ kind: "sessionAttached", session, functions, window, leasesMax });
  }

  #control(content: NonNullable<ServerFrame["frame"]>): void {
    const session = this.id;
    switch (content.$case) {
      case "welcome":
        throw new ProtocolViolation("HELLO-10", "a second welcome");
      case "stateRequest": {
        this.#checkStateRequest(content.value);
        const { invocationId: invocation, states, leaseMissing } = content.value;
        this.#context.submit({ kind: "stateRequested", session, invocation, states, leaseMissing });
        break;
      }
      case "window":
        this.#context.submit({ kind: "sessionWindow", session, window: content.value });
        break;
      case "drain":
        if (this.#state === "draining") break;
        this.#state = "draining";
        this.#context.onDraining();
        this.#context.submit({ kind: "sessionDraining", session });
        break;
      case "results":
        // Their frame holds fields beside them that are not known: without those it is read. [FRAME-3]
        this.#results(Buffer.from(ServerFrameCodec.encode({ frame: content }).finish()));
        break;
      default:
        throw new ProtocolViolation("FRAME-1", `a frame that is ${content.$case}`);
    }
  }

  #checkStateRequest({ states, leaseMissing }: StateRequest): void {
    if (leaseMissing !== (states.length === 0) || new Set(states).size < states.length) {
      throw new ProtocolViolation("LAZY-5", `a state request for ${states.length} states`);
    }
    const [feature, clause] = leaseMissing ? ["leases", "LEASE-4"] : ["lazy-state", "LAZY-1"];
    if (!this.#features.includes(feature)) {
      throw new ProtocolViolation(clause, `a state request, and ${feature} is not agreed`);
    }
    const { valueBytesMax = 0, frameBytesMax = 0 } = this.#context.hello.limits ?? {};
    if (states.length * valueBytesMax > frameBytesMax) {
      throw new ProtocolViolation(
        "LAZY-6",
        `a state request for ${states.length} states of up to ${valueBytesMax} bytes, ` +
          `which exceed frameBytesMax ${frameBytesMax}`,
      );
    }
  }

  #sendInvocations(invocations: readonly Invocation[]): void {
    const credit = this.#takeOwed(0);
    this.#context.transport.write(this.#encoder.encode(this.#types, invocations, credit));
  }

  #sendStateReply({ invocation, states }: StateReply): void {
    this.#send({
      $case: "stateReply",
      value: {
        invocationId: invocation,
        states: states.map(({ state, value }) => ({
          state,
          value: value === null ? undefined : Buffer.from(value),
        })),
      },
    });
  }

  /** Credit goes back with the next invocations; alone only when much of it is out. [CREDIT-5] */
  #returnCredit(): void {
    const opening = this.#context.hello.limits?.resultCreditBytes ?? 0;
    const bytes = this.#takeOwed(opening / 2);
    if (bytes > 0) this.#send({ $case: "credit", value: { bytes } });
  }

  #takeOwed(least: number): number {
    const bytes = this.#owedBytes;
    if (bytes <= least) return 0;
    this.#owedBytes = 0;
    this.#creditBytes += bytes;
    return bytes;
  }

  #send(frame: RuntimeFrame["frame"]): void {
    this.#context.transport.write(Buffer.from(RuntimeFrame.encode({ frame }).finish()));
  }

  #detach(): void {
    if (!this.#attached) return;
    this.#attached = false;
    this.#context.submit({ kind: "sessionDetached", session: this.id });
  }
}

/** About what an invocation takes in a frame: at least a third of it, in the worst of texts. */
function sizeOf({ id, messages, states }: Invocation): number {
  let bytes = framingBytes + id.length;
  for (const { value, callerId, typename, traceparent } of messages) {
    bytes += framingBytes + callerId.length + typename.length + traceparent.length;
    if (value !== null) bytes += value.length;
  }
  for (const state of states) if (state !== null) bytes += framingBytes + state.length;
  return bytes;
}
