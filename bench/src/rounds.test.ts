import assert from "node:assert/strict";
import type { Figures } from "./figures.js";
import { measureRounds, medianOfRounds } from "./rounds.js";
import type { Bench, Series } from "./subject.js";

const bench: Bench = {
  durationMs: 10,
  rounds: 2,
  quick: true,
  only: null,
  scratchDirectory: "",
  profileDirectory: null,
  progress: () => undefined,
};

function scripted(name: string, calls: string[], answers: readonly Figures[]): Series {
  let call = 0;
  return {
    name,
    role: "floor",
    async measure() {
      calls.push(name);
      call += 1;
      return answers[call - 1] ?? {};
    },
  };
}

describe("rounds", () => {
  it("measure the series in turns after one warm-up that does not count", async () => {
    const calls: string[] = [];
    const a = scripted("a", calls, [{ n: 100 }, { n: 1 }, { n: 2 }]);
    const b = scripted("b", calls, [{ n: 100 }, { n: 3 }, { n: 4 }]);
    const result = await measureRounds(
      "s",
      { series: [a, b], close: async () => undefined },
      bench,
    );
    assert.deepEqual(calls, ["a", "b", "a", "b", "a", "b"]);
    assert.deepEqual(
      result.series.map((series) => series.rounds),
      [
        [{ n: 1 }, { n: 2 }],
        [{ n: 3 }, { n: 4 }],
      ],
    );
  });

  it("warm a series up for as long as it asks, unless the run is quick", async () => {
    const durations: number[] = [];
    const slow: Series = {
      ...scripted("slow", [], []),
      warmUpMs: 4000,
      async measure(durationMs) {
        durations.push(durationMs);
        return {};
      },
    };
    const open = { series: [slow], close: async () => undefined };
    await measureRounds("s", open, { ...bench, quick: false });
    assert.deepEqual(durations.splice(0), [4000, 10, 10]);
    await measureRounds("s", open, bench);
    assert.deepEqual(durations, [500, 10, 10]);
  });

  it("measure a series once, without a warm-up, when it cannot be repeated", async () => {
    const calls: string[] = [];
    const once = { ...scripted("once", calls, [{ n: 7 }]), once: true };
    const result = await measureRounds(
      "s",
      { series: [once], close: async () => undefined },
      bench,
    );
    assert.deepEqual(calls, ["once"]);
    assert.deepEqual(result.series[0]?.rounds, [{ n: 7 }]);
  });

  it("measure only the series whose names hold the text that was asked for", async () => {
    const calls: string[] = [];
    const series = [scripted("hops zipf", calls, []), scripted("ingress", calls, [])];
    await measureRounds("s", { series, close: async () => undefined }, { ...bench, only: "hops" });
    assert.ok(calls.length > 0 && calls.every((name) => name === "hops zipf"));
  });

  it("take a ratio inside each round, and then the median", () => {
    const series = (name: string, values: readonly number[]) => ({
      name,
      role: "floor" as const,
      floor: null,
      rounds: values.map((n) => ({ n })),
    });
    // The machine was slower in the second round; both sides met that.
    const result = { subject: "s", series: [series("a", [10, 5, 12]), series("b", [20, 10, 20])] };
    const ratio = medianOfRounds(result, (look) => (look("a.n") ?? 0) / (look("b.n") ?? 0));
    assert.equal(ratio, 0.5);
    assert.equal(
      medianOfRounds(result, (look) => look("c.n")),
      undefined,
    );
  });
});
