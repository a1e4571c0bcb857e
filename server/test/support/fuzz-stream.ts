import assert from "node:assert/strict";

import { RecordEncoder } from "../../src/codec/record-codec.js";
import { ResultDecoder } from "../../src/codec/result-decoder.js";
import type { Command } from "../../src/core/command.js";
import type { Effects, Invocation } from "../../src/core/effect.js";
import { StreamSession } from "../../src/dispatch/stream-session.js";
import { Story, widePolicy } from "./core-story.js";

const limits = {
  frameBytesMax: 64 * 1024,
  valueBytesMax: 100,
  idBytesMax: 64,
  effectsMax: 8,
  resultCreditBytes: 10_000,
};
const hello = {
  versions: [1],
  runtimeName: "",
  runtimeVersion: "",
  nodeId: "",
  limits,
  features: ["leases", "lazy-state"],
};
const counter = "example/counter";
const ids = ["a", "b", "c"];

/**
 * A stream whose server sends what a test likes, on a core that has three messages for it. What the
 * core decides on the way is encoded as for the disk.
 */
export class FuzzedStream {
  /** What the runtime has sent on the stream. */
  readonly frames: Buffer[] = [];
  readonly #story = new Story();
  readonly #encoder = new RecordEncoder();
  readonly #session: StreamSession;
  readonly #commands: Command[] = [];
  #attached = 0;
  #detached = 0;

  constructor() {
    this.#story.egresses.push("example/out");
    this.#story.functions.push({ ...widePolicy, pattern: counter });
    for (const [at, id] of ids.entries()) this.#send(at + 1, id);
    this.#session = new StreamSession({
      id: 1,
      hello,
      decoder: new ResultDecoder(limits),
      transport: { write: (frame) => void this.frames.push(frame), end: () => undefined },
      submit: (command) => void this.#commands.push(command),
      onReady: (handshake) => handshake.functions,
      onAttached: () => undefined,
      onDraining: () => undefined,
      onProtocolError: () => undefined,
    });
  }

  receive(frame: Buffer): void {
    this.#session.receive(frame);
    this.#turn();
  }

  /** The stream is lost; another server answers everything that is left, and the disk takes it. */
  finish(): void {
    this.#session.lost();
    this.#turn();
    assert.equal(this.#detached, this.#attached, "detached once if it was attached");
    this.#story.step({
      kind: "sessionAttached",
      session: 2,
      functions: [{ pattern: counter, states: [], inFlightMax: 0, batchMax: 0 }],
      window: { invocations: 1000, bytes: 1_000_000 },
      leasesMax: 0,
    });
    const type = () => this.#story.machine.shard.types.get(counter);
    for (let round = 0; round < 5; round++) {
      this.#story.tick(20_000);
      const { dispatches } = this.#drain();
      for (const { session, invocations } of dispatches) this.#answer(session, invocations);
    }
    for (const mailbox of type()?.mailboxes.values() ?? []) {
      const { id } = mailbox;
      const isServed = mailbox.length === 0 || mailbox.state === "parked";
      assert.ok(isServed, `${id} is ${mailbox.state}, with ${mailbox.length} messages`);
    }
    this.#encoder.encode(this.#story.machine.seal(false));
  }

  #send(request: number, id: string): void {
    this.#story.step({
      kind: "send",
      request,
      typeName: counter,
      id,
      message: { typename: "example/ping", value: null },
      traceparent: "",
      delayMs: 0,
      once: null,
    });
  }

  /** Until neither side has anything to say. */
  #turn(): void {
    do {
      for (const command of this.#commands.splice(0)) {
        if (command.kind === "sessionAttached") this.#attached++;
        if (command.kind === "sessionDetached") this.#detached++;
        this.#story.step(command);
      }
      const { dispatches, closedSessions, drainedSessions } = this.#drain();
      for (const dispatch of dispatches) this.#session.dispatch(dispatch);
      for (const { clause, message } of closedSessions) this.#session.fail(clause, message);
      if (drainedSessions.length > 0) this.#session.end();
    } while (this.#commands.length > 0);
  }

  #drain(): Effects {
    return this.#story.drain();
  }

  #answer(session: number, invocations: readonly Invocation[]): void {
    assert.equal(session, 2, "the first stream has ended");
    this.#story.step({
      kind: "results",
      session,
      results: invocations.map(({ invocation }) => ({
        invocation,
        stateChanges: [],
        sends: [],
        timerChanges: [],
        egressRecords: [],
        replies: [],
        failure: null,
        refused: null,
      })),
    });
  }
}
