/*
 * Transcripts of the pure session: which invocations it gives out to run, and which it refuses.
 */
import assert from "node:assert/strict";
import { hello, input, invocations } from "./support/runtime-stream.js";
import { brokenClause, drain, SessionScript, scriptOptions } from "./support/session-script.js";

const cart = 1;
const limited = 2;
const wildcard = 3;
const firstFree = 4;
const text = (value: string): Buffer => Buffer.from(value);
const message = (value: string) => input("t/x", text(value));
const one = [message("a")];

function opened(options = scriptOptions()): SessionScript {
  const script = new SessionScript(options);
  script.receive(hello());
  return script;
}

describe("a session's invocations", () => {
  it("run with the states that are listed; what is not listed has no value", () => {
    const script = opened();
    const states = [
      { state: 2, value: text("ann") },
      { state: 0, value: text("") },
    ];
    assert.deepEqual(
      script.receive(
        invocations([
          { invocationId: 1, type: cart, id: "a", inputs: [message("x"), message("y")], states },
          { invocationId: 2, type: limited, id: "a", inputs: one },
        ]),
      ),
      ['run #1 shop/cart/a (x y) states "" ? "ann"', "run #2 shop/limited/a (a) states - - -"],
    );
  });

  it("of a wildcard's types run once the type has an index", () => {
    const script = opened();
    const types = [
      { index: firstFree, typeName: "jobs/mail", entry: wildcard },
      { index: firstFree + 1, typeName: "other/caller", entry: 0 },
    ];
    const from = input("t/x", text("a"), { callerType: firstFree + 1, callerId: "z" });
    assert.deepEqual(
      script.receive(
        invocations([{ invocationId: 1, type: firstFree, id: "a", inputs: [from] }], { types }),
      ),
      ["run #1 jobs/mail/a (a) states - - -"],
    );
    assert.equal(script.newest().callerTypeNameOf(from), "other/caller");
    script.complete((batch) => {
      for (const typeName of ["other/caller", "jobs/mail", "new/type"]) {
        batch.send({
          type: 0,
          typeName,
          id: "i",
          typename: "t/x",
          value: text(""),
          traceparent: "",
        });
      }
    });
    const sends = script.results()[0]?.[0]?.sends ?? [];
    assert.deepEqual(
      sends.map((send) => [send.type, send.typeName]),
      [
        [firstFree + 1, ""],
        [firstFree, ""],
        [0, "new/type"],
      ],
    );
  });

  const invocation = { invocationId: 1, type: cart, id: "a", inputs: one };
  const refusals: [string, string, Parameters<typeof invocations>[0][number]][] = [
    ["INVOKE-3", "an id of 0", { invocationId: 0 }],
    ["INVOKE-4", "no inputs", { inputs: [] }],
    ["INVOKE-4", "more inputs than batch_max", { inputs: [...one, ...one, ...one, ...one] }],
    [
      "INVOKE-5",
      "a caller type without an index",
      { inputs: [input("t/x", text(""), { callerType: 9 })] },
    ],
    [
      "INVOKE-5",
      "a wildcard as the caller",
      { inputs: [input("t/x", text(""), { callerType: wildcard })] },
    ],
    [
      "INVOKE-5",
      "a caller id without a type",
      { inputs: [input("t/x", text(""), { callerId: "b" })] },
    ],
    ["INVOKE-9", "a type without an index", { type: 9 }],
    ["INVOKE-9", "type 0", { type: 0 }],
    ["INVOKE-9", "a wildcard entry as the type", { type: wildcard }],
    ["STATE-1", "a lazy state", { states: [{ state: 1, value: text("") }] }],
    ["STATE-1", "an unknown state", { states: [{ state: 3, value: text("") }] }],
    ["STATE-1", "a state twice", { states: [{ state: 0 }, { state: 0 }] }],
    ["STATE-9", "states under a lease", { lease: 1, states: [{ state: 0, value: text("") }] }],
    ["LIMIT-2", "an input that is too large", { inputs: [input("t/x", Buffer.alloc(1_048_577))] }],
    [
      "LIMIT-2",
      "a state that is too large",
      { states: [{ state: 0, value: Buffer.alloc(1_048_577) }] },
    ],
    ["LIMIT-3", "an id that is too long", { id: "ä".repeat(257) }],
  ];
  for (const [clause, what, overrides] of refusals) {
    it(`are refused with ${what} [${clause}], and nothing of their frame runs`, () => {
      const good = { ...invocation, invocationId: 1, id: "good" };
      const bad = { ...invocation, invocationId: 2, ...overrides };
      assert.equal(brokenClause(opened(), invocations([good, bad])), clause);
    });
  }

  it("are refused when ids do not rise [INVOKE-3]", () => {
    const script = opened();
    script.receive(invocations([{ ...invocation, invocationId: 5 }]));
    assert.equal(
      brokenClause(script, invocations([{ ...invocation, invocationId: 5, id: "b" }])),
      "INVOKE-3",
    );
  });

  it("are refused with a lease that was not agreed [LEASE-4]", () => {
    const script = new SessionScript();
    script.receive(hello({ features: [] }));
    assert.equal(brokenClause(script, invocations([{ ...invocation, lease: 1 }])), "LEASE-4");
  });

  it("are refused while the address runs [INVOKE-2]", () => {
    const script = opened();
    script.receive(invocations([invocation]));
    assert.equal(
      brokenClause(script, invocations([{ ...invocation, invocationId: 2 }])),
      "INVOKE-2",
    );
  });

  it("replace one of the same address that had a time limit, whose result is not sent", () => {
    const script = opened();
    script.receive(invocations([{ ...invocation, timeoutMs: 50 }]));
    const older = script.newest();
    assert.deepEqual(script.receive(invocations([{ ...invocation, invocationId: 2 }])), [
      "give up #1",
      "run #2 shop/cart/a (a) states - ? -",
    ]);
    assert.equal(older.input, undefined);
    script.session.finish(older);
    assert.deepEqual(script.results(), []);
    script.complete();
    assert.deepEqual(
      script.results()[0]?.map((result) => result.invocationId),
      [2],
    );
  });

  it("are refused beyond the window in number [CREDIT-6]", () => {
    const script = opened();
    const many = Array.from({ length: 8 }, (_, index) => ({
      ...invocation,
      invocationId: index + 1,
      id: `${index}`,
    }));
    assert.equal(script.receive(invocations(many)).length, 8);
    assert.equal(
      brokenClause(script, invocations([{ ...invocation, invocationId: 9, id: "x" }])),
      "CREDIT-6",
    );
  });

  it("are refused beyond the window in bytes, which one of them may exceed [CREDIT-7]", () => {
    const script = opened();
    const large = [input("t/x", Buffer.alloc(5000))];
    assert.equal(script.receive(invocations([{ ...invocation, inputs: large }])).length, 1);
    assert.equal(
      brokenClause(script, invocations([{ ...invocation, invocationId: 2, id: "b" }])),
      "CREDIT-7",
    );
  });

  it("are refused beyond the entry's in_flight_max [CREDIT-3]", () => {
    const script = opened();
    script.receive(invocations([{ ...invocation, type: limited }]));
    assert.equal(
      brokenClause(
        script,
        invocations([{ ...invocation, type: limited, invocationId: 2, id: "b" }]),
      ),
      "CREDIT-3",
    );
  });

  it("may exceed the window by those that the runtime may have given up already", () => {
    const script = opened();
    script.receive(invocations([{ ...invocation, type: limited, timeoutMs: 1000 }]));
    script.nowMs = 600;
    assert.deepEqual(
      script.receive(invocations([{ ...invocation, type: limited, invocationId: 2, id: "b" }])),
      ["run #2 shop/limited/b (a) states - - -"],
    );
  });

  const definitions: [string, string, { index: number; typeName: string; entry: number }][] = [
    ["TABLE-6", "an index that is not the next", { index: 5, typeName: "a/b", entry: 0 }],
    ["TABLE-7", "a name that has an index", { index: firstFree, typeName: "shop/cart", entry: 0 }],
    ["TABLE-7", "a wildcard", { index: firstFree, typeName: "a/*", entry: 0 }],
    ["TABLE-7", "a name that is none", { index: firstFree, typeName: "a/b/c", entry: 0 }],
    [
      "TABLE-8",
      "an entry that is not the wildcard's",
      { index: firstFree, typeName: "a/b", entry: wildcard },
    ],
    [
      "TABLE-8",
      "no entry where the table has a wildcard",
      { index: firstFree, typeName: "jobs/a", entry: 0 },
    ],
  ];
  for (const [clause, what, definition] of definitions) {
    it(`are refused with a type definition of ${what} [${clause}]`, () => {
      assert.equal(brokenClause(opened(), invocations([], { types: [definition] })), clause);
    });
  }

  it("are refused after the runtime's Drain, which otherwise changes nothing [DRAIN-1]", () => {
    const script = opened();
    script.receive(invocations([invocation]));
    assert.deepEqual(script.receive(drain()), []);
    assert.deepEqual(script.receive(drain()), []);
    script.complete();
    assert.equal(script.results().length, 1);
    assert.equal(
      brokenClause(script, invocations([{ ...invocation, invocationId: 2 }])),
      "DRAIN-1",
    );
  });

  it("still run after this side's Drain: they were on their way", () => {
    const script = opened();
    assert.deepEqual(script.describe(script.session.drain("bye")), ["send drain"]);
    assert.deepEqual(script.session.drain("bye"), []);
    assert.equal(script.receive(invocations([invocation])).length, 1);
  });
});
