import assert from "node:assert/strict";
import { runningTime } from "./clock.js";

describe("running time", () => {
  const clocks = { wall: 1000, steady: 7.5 };
  let nowMs: () => number;

  beforeEach(() => {
    Object.assign(clocks, { wall: 1000, steady: 7.5 });
    nowMs = runningTime(
      () => clocks.wall,
      () => clocks.steady,
    );
  });

  function pass(steadyMs: number, wallMs = steadyMs): void {
    clocks.steady += steadyMs;
    clocks.wall += wallMs;
  }

  it("is the time on the wall, in whole milliseconds", () => {
    assert.equal(nowMs(), 1000);
    pass(250.75);
    assert.equal(nowMs(), 1250);
  });

  it("runs on when the clock on the wall is set back", () => {
    pass(10);
    assert.equal(nowMs(), 1010);
    pass(0, -3_600_000);
    assert.equal(nowMs(), 1010);
    pass(5);
    assert.equal(nowMs(), 1015);
  });

  it("follows a clock on the wall that is set ahead, also after it was set back", () => {
    pass(0, 500);
    assert.equal(nowMs(), 1500);
    pass(0, -900);
    pass(0, 1000);
    assert.equal(nowMs(), 1600);
  });

  it("does not gain on the wall by rounding", () => {
    for (let turn = 0; turn < 10_000; turn++) {
      clocks.steady += 0.35;
      clocks.wall = 1000 + Math.floor(clocks.steady - 7.5);
      const ahead = nowMs() - clocks.wall;
      assert.ok(ahead === 0 || ahead === 1, `${ahead} ms ahead`);
    }
  });
});
