import assert from "node:assert/strict";
import { type Fields, runtimeFrame, serverFrame } from "../protocol/protocol.js";
import type { Side } from "./conversation.js";
import { ConversationChecker } from "./conversation-checker.js";

// Goal: what a function server breaks is named too where the runtime cannot see it. Method: short
// conversations, each with one planted fault; the same conversations without it are silent.

type Line = readonly [Side, Fields];

const hello: Line = [
  "runtime",
  {
    hello: {
      versions: [1],
      limits: {
        frame_bytes_max: 40_000,
        value_bytes_max: 1000,
        id_bytes_max: 10,
        effects_max: 3,
        result_credit_bytes: 20,
      },
      features: ["leases", "lazy-state"],
    },
  },
];
const welcome: Line = [
  "server",
  {
    welcome: {
      version: 1,
      features: ["leases", "lazy-state"],
      functions: [
        {
          type_name: "test/counter",
          states: [
            { name: "count", typename: "t/t" },
            { name: "big", typename: "t/t", lazy: true },
          ],
        },
      ],
      window: { invocations: 2, bytes: 1000 },
    },
  },
];

function invoke(id: number, more: Fields = {}): Line {
  const inputs = [{ typename: "t/t", value: Buffer.from("x"), wants_reply: true }];
  const invocation = { invocation_id: id, type: 1, id: `a${id}`, inputs, ...more };
  return ["runtime", { invocations: { invocations: [invocation] } }];
}

function result(id: number, more: Fields = {}): Line {
  return ["server", { results: { results: [{ invocation_id: id, ...more }] } }];
}

function told(lines: readonly Line[], stepMs = 0): string[] {
  const checker = new ConversationChecker();
  return [hello, welcome, ...lines].flatMap(([side, frame], at) => {
    const bytes = (side === "runtime" ? runtimeFrame : serverFrame).encode(frame);
    return checker.frame(side, bytes, at * stepMs).violations.map((each) => each.clause);
  });
}

const send = { type: 1, id: "b", typename: "t/t" };

/** By clause: a conversation that breaks it, and nothing else. */
const faults: { readonly [clause: string]: readonly Line[] } = {
  "CREDIT-4": [
    invoke(1),
    result(1, { egress_records: [{ egress: "a/b", typename: "t/t", value: Buffer.alloc(20) }] }),
    invoke(2),
    result(2),
  ],
  "CREDIT-6": [invoke(1), invoke(2), invoke(3)],
  "DRAIN-1": [["runtime", { drain: {} }], invoke(1)],
  "EGRESS-1": [invoke(1), result(1, { egress_records: [{ egress: "x", typename: "t/t" }] })],
  "ERROR-2": [
    ["server", { error: { clause: "INVOKE-3" } }],
    ["server", { drain: {} }],
  ],
  "ERROR-3": [["server", { error: { clause: "[INVOKE-3]" } }]],
  "FAIL-9": [
    invoke(1),
    result(1, { sends: [send], failure: { code: "CODE_FUNCTION", message: "no" } }),
  ],
  "INVOKE-2": [invoke(1, { id: "a" }), invoke(2, { id: "a" })],
  "LAZY-2": [["server", { state_request: { invocation_id: 9, states: [1] } }]],
  "LEASE-1": [
    invoke(1, { id: "a" }),
    result(1, { failure: { code: "CODE_FUNCTION", message: "no" } }),
    invoke(2, { id: "a", lease: 1 }),
  ],
  "LEASE-12": [invoke(1, { id: "a", no_lease: true }), result(1), invoke(2, { id: "a", lease: 1 })],
  "LIMIT-4": [invoke(1), result(1, { sends: [send, send, send, send] })],
  "REPLY-2": [
    invoke(1),
    result(1, {
      replies: [
        { input: 0, typename: "t/t" },
        { input: 0, typename: "t/t" },
      ],
    }),
  ],
  "RESULT-1": [invoke(1), result(1), result(1)],
  "SEND-2": [invoke(1), result(1, { sends: [{ type: 7, id: "b", typename: "t/t" }] })],
  "STATE-3": [invoke(1), result(1, { state_changes: [{ state: 0 }, { state: 0 }] })],
  "STATE-4": [invoke(1), result(1, { state_changes: [{ state: 5 }] })],
  "TIMER-4": [
    invoke(1),
    result(1, {
      timer_changes: [
        { schedule: { send, delay_ms: 1, cancellation_token: "t" } },
        { schedule: { send, delay_ms: 1, cancellation_token: "t" } },
      ],
    }),
  ],
};

describe("the check of a conversation", () => {
  it("is silent about a correct one", () => {
    const lines: Line[] = [
      invoke(1, { id: "a" }),
      ["server", { state_request: { invocation_id: 1, states: [1] } }],
      ["runtime", { state_reply: { invocation_id: 1, states: [{ state: 1 }] } }],
      result(1, { sends: [send], state_changes: [{ state: 0, value: Buffer.from("1") }] }),
      ["runtime", { credit: { bytes: 1 } }],
      invoke(2, { id: "a", lease: 1 }),
      ["server", { state_request: { invocation_id: 2, lease_missing: true } }],
      ["runtime", { state_reply: { invocation_id: 2, states: [{ state: 0 }] } }],
      ["server", { drain: {} }],
      invoke(3),
      result(3),
      result(2, { replies: [{ input: 0, typename: "t/t" }] }),
    ];
    assert.deepEqual(told(lines), []);
  });

  for (const [clause, lines] of Object.entries(faults)) {
    it(`names ${clause} where it is broken`, () => {
      assert.deepEqual(told(lines), [clause]);
    });
  }

  it("names both kinds of a frame that has two, of which a decoder sees one", () => {
    const checker = new ConversationChecker();
    for (const [side, frame] of [hello, welcome])
      checker.frame(side, (side === "runtime" ? runtimeFrame : serverFrame).encode(frame), 0);
    const credit = runtimeFrame.encode({ credit: { bytes: 1 } });
    const drain = runtimeFrame.encode({ drain: {} });
    const unknown = Buffer.from("7a03616263", "hex");
    const twoKinds = checker.frame("runtime", Buffer.concat([credit, unknown, drain]), 0);
    assert.deepEqual(twoKinds.violations, [
      { side: "runtime", clause: "FRAME-1", message: "a frame that is credit and drain" },
    ]);
    // A message field that comes twice is merged, and a field that nobody knows is no kind.
    const merged = checker.frame("runtime", Buffer.concat([credit, unknown, credit]), 0);
    assert.deepEqual(merged.violations, []);
  });

  it("lets the runtime send again what it has given up, and its result come late", () => {
    const lines = [invoke(1, { id: "a", timeout_ms: 50 }), invoke(2, { id: "a" }), result(1)];
    assert.deepEqual(told([...lines, result(2)], 100), []);
  });

  it("lets the runtime go by a window that it may not have seen replaced", () => {
    const smaller: Line = ["server", { window: { invocations: 1, bytes: 1000 } }];
    assert.deepEqual(told([invoke(1), smaller, invoke(2)], 100), []);
    assert.deepEqual(told([invoke(1), smaller, invoke(2)], 6000), ["CREDIT-6"]);
  });

  it("names what a missing result breaks when the call ends", () => {
    const checker = new ConversationChecker();
    for (const [side, frame] of [hello, welcome, invoke(1)])
      checker.frame(side, (side === "runtime" ? runtimeFrame : serverFrame).encode(frame), 0);
    checker.halfClosed();
    assert.deepEqual(
      checker.ended("OK").map(({ clause }) => clause),
      ["DRAIN-6"],
    );
  });
});
