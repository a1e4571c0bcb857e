import assert from "node:assert/strict";
import { renderGoals, renderSubject } from "./table.js";

const result = {
  subject: "http",
  series: [
    {
      name: "echo",
      role: "floor" as const,
      floor: null,
      rounds: [{ perSecond: 20_000 }, { perSecond: 22_000 }, { perSecond: 10_000 }],
    },
    {
      name: "calls",
      role: "statewire" as const,
      floor: "echo",
      rounds: [{ perSecond: 12_000 }, { perSecond: 11_000 }, { perSecond: 5000, p99Ms: 4.567 }],
    },
  ],
};

describe("table of a subject", () => {
  it("shows the median, the range and the ratio to the floor, with units", () => {
    const lines = renderSubject(result).split("\n");
    const calls = lines.find((line) => line.startsWith("calls")) ?? "";
    assert.match(calls, /11,000\/s +5,000\/s to 12,000\/s +0\.500 x/);
    assert.match(lines.at(-1) ?? "", /p99Ms +4\.57 ms/);
  });
});

describe("table of goals", () => {
  it("says what was measured, what was wanted, and the verdict", () => {
    const common = { subject: "http", says: "calls over echo", unit: "x" } as const;
    const text = renderGoals([
      { ...common, bound: { atLeast: 0.5 }, measured: 0.51, verdict: "met" },
      { ...common, bound: { atMost: 2 }, measured: null, verdict: "not measured" },
    ]);
    assert.match(text, /http: calls over echo +0\.510 x +at least 0\.5 x +met/);
    assert.match(text, /- +at most 2 x +not measured/);
  });
});
