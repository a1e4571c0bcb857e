import assert from "node:assert/strict";
import { pino } from "pino";
import type { Incident } from "../core/incident.js";
import { IncidentLog } from "./incident-log.js";

// Goal: an operator learns of every change, and a function that always fails does not fill the log.
// Method: a clock that the test moves.

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly address: string;
  readonly suppressed?: number;
  readonly agoMs?: number;
  readonly nextAttemptMs?: number;
}

function open() {
  const lines: Line[] = [];
  const clock = { nowMs: 0 };
  const logger = pino(
    { base: null, timestamp: false },
    { write: (text) => lines.push(JSON.parse(text)) },
  );
  return { lines, clock, log: new IncidentLog(logger, () => clock.nowMs) };
}

const failed: Incident = {
  kind: "failed",
  typeName: "t/a",
  id: "x",
  code: "function",
  message: "boom",
  attempts: 2,
  delayMs: 100,
};

describe("the log of incidents", () => {
  it("says at once what failed, why, and when it is tried again", () => {
    const { lines, log } = open();
    log.note([failed]);
    assert.deepEqual(lines, [
      {
        level: 40,
        address: "t/a/x",
        code: "function",
        reason: "boom",
        attempts: 2,
        nextAttemptMs: 100,
        msg: "message failed, and is tried again",
      },
    ]);
    log.close();
  });

  it("is loudest about what waits for an operator", () => {
    const { lines, log } = open();
    log.note([
      { ...failed, kind: "dropped" },
      { ...failed, kind: "parked" },
    ]);
    assert.deepEqual(
      lines.map(({ level, msg }) => [level, msg]),
      [
        [40, "message given up, and sent to an egress"],
        [50, "message given up, and its address parked"],
      ],
    );
    log.close();
  });

  it("counts further ones for ten seconds, apart for each kind and function type", () => {
    const { lines, clock, log } = open();
    for (let id = 0; id < 1000; id++) log.note([{ ...failed, id: `${id}` }]);
    log.note([
      { ...failed, typeName: "t/b" },
      { ...failed, kind: "parked" },
    ]);
    assert.equal(lines.length, 3);
    clock.nowMs = 9999;
    log.note([failed]);
    assert.equal(lines.length, 3);
    clock.nowMs = 10_000;
    log.note([{ ...failed, id: "last" }]);
    assert.deepEqual([lines[3]?.address, lines[3]?.suppressed], ["t/a/last", 1000]);
    log.close();
    assert.equal(lines.length, 4);
  });

  it("tells of what was counted even when nothing follows", () => {
    const { lines, clock, log } = open();
    log.note([failed, { ...failed, id: "y" }, { ...failed, id: "z" }]);
    log.flush();
    assert.equal(lines.length, 1, "it is too early");
    clock.nowMs = 10_000;
    log.flush();
    log.flush();
    assert.deepEqual([lines[1]?.address, lines[1]?.suppressed], ["t/a/z", 1]);
    assert.deepEqual([lines[1]?.agoMs, lines[1]?.nextAttemptMs], [10_000, undefined]);
    assert.equal(lines[1]?.msg, "message failed, and was to be tried again");
    log.note([failed]);
    assert.equal(lines.length, 2, "the line began another ten seconds");
    log.close();
    assert.equal(lines.length, 3, "nothing is lost when the node stops");
    assert.equal(lines[2]?.suppressed, undefined, "it is the only one since");
  });
});
