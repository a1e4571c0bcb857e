import assert from "node:assert/strict";
import { RuntimeFrame, ServerFrame, Welcome } from "@statewire/protos/statewire/v1/stream.js";
import { ResultDecoder } from "../codec/result-decoder.js";
import type { Binding } from "../core/binding.js";
import { createType } from "../core/catalog.js";
import type { Command } from "../core/command.js";
import type { Invocation } from "../core/effect.js";
import { Fifo } from "../core/fifo.js";
import type { Message } from "../core/message.js";
import { Session } from "../core/session.js";
import { StreamSession } from "./stream-session.js";

// Goal: the frames of a session keep its limits, whatever the core hands out at once, and nothing
// comes after the end. Method: a transport that keeps the bytes.

const frameBytesMax = 64 * 1024;
const limits = {
  frameBytesMax,
  valueBytesMax: frameBytesMax / 4,
  idBytesMax: 1024,
  effectsMax: 100,
  resultCreditBytes: 1000,
};
const counter = createType(1, "example/counter");
const functions = [{ pattern: "example/counter", states: [], inFlightMax: 0, batchMax: 0 }];

const binding: Binding = {
  session: new Session(1, functions, { invocations: 10, bytes: 1000 }, 0),
  type: counter,
  entry: 0,
  states: [],
  eager: [0, 1],
  load: { inFlightMax: 0, inFlight: 0, bindings: [] },
  batchMax: 0,
  invocationTimeoutMs: 0,
  ready: new Fifo(),
  runnable: false,
};

function message(fields: Partial<Message>): Message {
  return {
    type: counter,
    id: "a",
    callerType: null,
    callerId: "",
    typename: "example/ping",
    value: null,
    traceparent: "",
    sequence: 1,
    key: "",
    request: 0,
    storedEpoch: 0,
    consumed: false,
    ...fields,
  };
}

class Recorder {
  readonly frames: Buffer[] = [];
  readonly commands: Command[] = [];
  readonly session: StreamSession;
  ends = 0;

  constructor() {
    this.session = new StreamSession({
      id: 1,
      hello: {
        versions: [1],
        runtimeName: "",
        runtimeVersion: "",
        nodeId: "",
        limits,
        features: [],
      },
      decoder: new ResultDecoder(limits),
      transport: {
        write: (frame) => void this.frames.push(frame),
        end: () => {
          this.ends++;
        },
      },
      submit: (command) => void this.commands.push(command),
      onReady: (handshake) => handshake.functions,
      onAttached: () => undefined,
      onDraining: () => undefined,
      onProtocolError: () => undefined,
    });
  }

  static open(): Recorder {
    const recorder = new Recorder();
    const welcome = Welcome.create({ version: 1, functions: [{ typeName: "example/counter" }] });
    recorder.receive({ $case: "welcome", value: welcome });
    recorder.frames.length = 0;
    return recorder;
  }

  receive(frame: ServerFrame["frame"]): void {
    this.session.receive(Buffer.from(ServerFrame.encode({ frame }).finish()));
  }

  dispatch(invocations: readonly Invocation[]): void {
    this.session.dispatch({ session: 1, invocations, stateReplies: [] });
  }

  /** The invocation ids of each frame, in order. */
  get batches(): number[][] {
    return this.frames.map((bytes) => {
      const { frame } = RuntimeFrame.decode(bytes);
      assert.ok(frame?.$case === "invocations");
      return frame.value.invocations.map(({ invocationId }) => invocationId);
    });
  }
}

function invocations(count: number, fields: Partial<Invocation>): Invocation[] {
  return Array.from({ length: count }, (_, at) => ({
    invocation: at + 1,
    binding,
    id: "a",
    messages: [message({})],
    states: [],
    lease: 0,
    attempt: 0,
    noLease: false,
    ...fields,
  }));
}

function assertWithinLimit(recorder: Recorder, count: number): void {
  const expected = Array.from({ length: count }, (_, at) => at + 1);
  assert.deepEqual(recorder.batches.flat(), expected, "in order, each once");
  for (const { length } of recorder.frames) {
    assert.ok(length <= frameBytesMax, `a frame of ${length} bytes exceeds ${frameBytesMax}`);
  }
}

describe("StreamSession", () => {
  it("puts what is ready at once into one frame [FRAME-5]", () => {
    const recorder = Recorder.open();
    recorder.dispatch(invocations(20, {}));
    assert.deepEqual(recorder.batches.length, 1);
    assertWithinLimit(recorder, 20);
  });

  it("cuts frames by the payload of invocations [LIMIT-10]", () => {
    const recorder = Recorder.open();
    const value = Buffer.alloc(limits.valueBytesMax);
    recorder.dispatch(invocations(30, { messages: [message({ value })] }));
    assertWithinLimit(recorder, 30);
  });

  it("cuts a frame before an invocation that alone fits, and with others does not [LIMIT-10]", () => {
    const recorder = Recorder.open();
    const small = invocations(3, { messages: [message({ value: Buffer.alloc(5000) })] });
    const state = Buffer.alloc(frameBytesMax / 4);
    const large = { messages: [message({ value: state })], states: [state, state] };
    recorder.dispatch([...small, ...invocations(5, large).slice(3)]);
    assertWithinLimit(recorder, 5);
  });

  it("counts names and ids, which values of no bytes may have many of [LIMIT-10]", () => {
    const recorder = Recorder.open();
    const long = message({
      callerType: counter,
      callerId: "é".repeat(512),
      typename: `example/${"t".repeat(500)}`,
      traceparent: "t".repeat(55),
    });
    recorder.dispatch(invocations(64, { id: "i".repeat(1024), messages: [long, long, long] }));
    assertWithinLimit(recorder, 64);
  });

  it("writes nothing after its end, and ends once", () => {
    const recorder = Recorder.open();
    recorder.session.end();
    recorder.session.end();
    recorder.session.fail("HELLO-10", "late");
    recorder.session.drain("late");
    recorder.dispatch(invocations(1, {}));
    recorder.receive({ $case: "drain", value: { reason: "" } });
    recorder.session.lost();
    assert.equal(recorder.ends, 1);
    assert.deepEqual(recorder.frames, []);
    const kinds = recorder.commands.map(({ kind }) => kind);
    assert.deepEqual(kinds, ["sessionAttached", "sessionDetached"]);
  });

  it("submits nothing for a stream that is lost before its handshake", () => {
    const recorder = new Recorder();
    recorder.session.lost();
    assert.deepEqual(recorder.commands, []);
  });
});
