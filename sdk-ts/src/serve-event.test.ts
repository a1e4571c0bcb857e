import assert from "node:assert/strict";
import { createTroubleReporter, type ServeEvent } from "./serve-event.js";

const failed: ServeEvent = {
  kind: "messageFailed",
  address: { namespace: "shop", type: "cart", id: "a" },
  error: new Error("no"),
  attempt: 1,
};

describe("the report of troubles", () => {
  it("shows where a handler threw, and leaves streams that come and go out", () => {
    const lines: string[] = [];
    const report = createTroubleReporter(
      (line) => lines.push(line),
      () => 0,
    );
    report({ kind: "connected", peer: "p" });
    report({ kind: "disconnected", peer: "p", reason: "r" });
    report(failed);
    report({ kind: "redialling", peer: "p", reason: "refused", delayMs: 100, attempt: 1 });
    report({ kind: "redialling", peer: "p", reason: "refused", delayMs: 200, attempt: 2 });
    report({
      kind: "protocolError",
      peer: "p",
      brokenBy: "server",
      clause: "RESULT-1",
      message: "m",
    });
    assert.match(lines[0] ?? "", /^statewire: message to shop\/cart\/a failed: Error: no\n {4}at /);
    assert.deepEqual(lines.slice(1), [
      "statewire: p is not reached, dialling on: refused",
      "statewire: protocol error with p, RESULT-1 broken by the server: m",
    ]);
  });

  it("shows a stack once in ten seconds, and never of another attempt", () => {
    const lines: string[] = [];
    let nowMs = 0;
    const report = createTroubleReporter(
      (line) => lines.push(line),
      () => nowMs,
    );
    report(failed);
    report({ ...failed, address: { ...failed.address, id: "b" } });
    report({ ...failed, attempt: 2 });
    report({ ...failed, error: new TypeError("no") });
    nowMs = 10_000;
    report({ ...failed, attempt: 3 });
    report(failed);
    assert.deepEqual(
      lines.map((line) => line.split("\n")[0]),
      [
        "statewire: message to shop/cart/a failed: Error: no",
        "statewire: message to shop/cart/b failed: Error: no",
        "statewire: message to shop/cart/a failed (attempt 2): Error: no",
        "statewire: message to shop/cart/a failed: TypeError: no",
        "statewire: message to shop/cart/a failed (attempt 3): Error: no",
        "statewire: message to shop/cart/a failed: Error: no",
      ],
    );
    const withStack = lines.map((line) => line.includes("\n"));
    assert.deepEqual(withStack, [true, false, false, true, false, true]);
  });

  it("writes 20 lines in a second, then counts", () => {
    const lines: string[] = [];
    let nowMs = 0;
    const report = createTroubleReporter(
      (line) => lines.push(line),
      () => nowMs,
    );
    for (let count = 0; count < 100; count++) {
      report(failed);
    }
    assert.equal(lines.length, 20);
    nowMs = 1000;
    report(failed);
    assert.equal(lines[20], "statewire: 80 more lines were not written");
    assert.equal(lines.length, 22);
  });
});
