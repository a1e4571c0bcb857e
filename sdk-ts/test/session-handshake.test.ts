/*
 * Transcripts of the pure session: how it answers Hello, and what it refuses before and after.
 */
import assert from "node:assert/strict";
import { hello, testLimits } from "./support/runtime-stream.js";
import { brokenClause, credit, SessionScript, scriptOptions } from "./support/session-script.js";

function opened(options = scriptOptions()): SessionScript {
  const script = new SessionScript(options);
  script.receive(hello());
  return script;
}

describe("a session's handshake", () => {
  it("answers Hello with what both sides can do", () => {
    const script = new SessionScript();
    assert.deepEqual(script.receive(hello()), [
      "send welcome, features [leases, lazy-state], leases 2",
    ]);
    assert.equal(script.session.phase, "open");
  });

  it("declares lazy states eager to a runtime without the feature", () => {
    const script = new SessionScript();
    const [output] = script.session.receive(hello({ features: ["leases", "from-the-future"] }), 0);
    assert.ok(output?.kind === "send" && output.frame.frame?.$case === "welcome");
    const { features, functions } = output.frame.frame.value;
    assert.deepEqual(features, ["leases"]);
    assert.deepEqual(
      functions[0]?.states.map((state) => state.lazy),
      [false, false, false],
    );
  });

  it("offers no leases when it keeps none", () => {
    const script = new SessionScript(scriptOptions({ leasedAddressesMax: 0 }));
    assert.deepEqual(script.receive(hello()), ["send welcome, features [lazy-state], leases 0"]);
  });

  it("chooses version 1 among several", () => {
    assert.match(
      String(new SessionScript().receive(hello({ versions: [3, 2, 1] }))),
      /^send welcome/,
    );
  });

  const refusals: [string, string, Parameters<typeof hello>[0]][] = [
    ["HELLO-3", "no version in common", { versions: [3, 2] }],
    ["HELLO-7", "no version at all", { versions: [] }],
    ["HELLO-7", "versions that are not from the highest on", { versions: [1, 2] }],
    ["HELLO-14", "no limits", { limits: undefined }],
    ["HELLO-14", "a limit of 0", { limits: { ...testLimits, effectsMax: 0 } }],
    [
      "LIMIT-9",
      "values of more than a quarter frame",
      { limits: { ...testLimits, valueBytesMax: 2_000_000 } },
    ],
    [
      "LIMIT-6",
      "larger frames than it receives",
      { limits: { ...testLimits, frameBytesMax: 99_000_000 } },
    ],
    ["LIMIT-5", "a Hello that is too long", { nodeId: "x".repeat(70_000) }],
  ];
  for (const [clause, what, overrides] of refusals) {
    it(`refuses ${what} [${clause}]`, () => {
      assert.equal(brokenClause(new SessionScript(), hello(overrides)), clause);
    });
  }

  it("refuses anything before Hello [HELLO-1]", () => {
    assert.equal(brokenClause(new SessionScript(), credit(1)), "HELLO-1");
  });

  it("refuses a second Hello [HELLO-10]", () => {
    assert.equal(brokenClause(opened(), hello()), "HELLO-10");
  });

  it("refuses a frame of no known kind [FRAME-1]", () => {
    assert.equal(brokenClause(opened(), { frame: undefined }), "FRAME-1");
  });

  it("ends without a word when the runtime says that this side broke the protocol", () => {
    const script = opened();
    const error = { clause: "RESULT-1", message: "no" };
    assert.deepEqual(script.receive({ frame: { $case: "error", value: error } }), [
      "end, broken by the server",
    ]);
    assert.deepEqual(script.receive(hello()), []);
  });
});
