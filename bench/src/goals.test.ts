import assert from "node:assert/strict";
import type { Figures } from "./figures.js";
import { goals, judge } from "./goals.js";
import { subjects } from "./subjects.js";

function fanOut(figures: Readonly<Record<string, Figures>>, subject = "throughput") {
  const series = Object.entries(figures).map(([name, round]) => ({
    name,
    role: "statewire" as const,
    floor: null,
    rounds: [round],
  }));
  return judge({ subject, series });
}

describe("goals", () => {
  it("are met at the bound and missed below it", () => {
    const verdicts = (perSecond: number) =>
      fanOut({ "framed echo": { perSecond: 100 }, "ingress uniform": { perSecond } })[0]?.verdict;
    assert.equal(verdicts(80), "met");
    assert.equal(verdicts(79), "missed");
  });

  it("of latency compare a call with a disk write and a round trip together", () => {
    const [p50, p99] = fanOut(
      {
        fdatasync: { p50Ms: 0.4 },
        "unary gRPC": { p50Ms: 0.1 },
        "gRPC call": { p50Ms: 1, p99Ms: 2.5 },
      },
      "latency",
    );
    assert.equal(p50?.measured, 2);
    assert.equal(p50?.verdict, "met");
    assert.equal(p99?.measured, 5);
    assert.equal(p99?.verdict, "missed");
  });

  it("say so when their series were not measured", () => {
    for (const goal of fanOut({})) assert.equal(goal.verdict, "not measured");
  });

  it("belong to subjects that exist", () => {
    const names = subjects.map((subject) => subject.name);
    for (const goal of goals) assert.ok(names.includes(goal.subject), goal.subject);
  });
});
