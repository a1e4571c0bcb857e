import assert from "node:assert/strict";
import fc from "fast-check";
import { Simulation } from "../support/core-simulation.js";

// Goal: over any mixture of failures, lost streams, slow disks and crashes, every message takes effect
// exactly once and in order, nothing leaves before it is durable, and the same commands give the same
// effects. Method: a seed decides everything; RUNS sets how many. fast-check prints the seed that fails.

const runs = Number(process.env["RUNS"] ?? 25);
const stepsMax = 600;

const program = { seed: fc.integer({ min: 0, max: 0x7fff_ffff }), steps: fc.nat(stepsMax) };

describe("a core under random programs", function () {
  // A failing seed is shrunk, which takes a while.
  this.timeout(120_000);

  it("applies every message once, in order, whatever fails and wherever it crashes", () => {
    fc.assert(
      fc.property(fc.record(program), ({ seed, steps }) => {
        const simulation = new Simulation(seed);
        simulation.run(steps);
        simulation.settle();
        simulation.assertWhole();
        const states = simulation.states();
        simulation.crash();
        assert.equal(simulation.states(), states, "the state survives a restart");
      }),
      { numRuns: runs },
    );
  });

  it("gives the same effects for the same commands", () => {
    fc.assert(
      fc.property(fc.record(program), ({ seed, steps }) => {
        const [first, second] = [new Simulation(seed), new Simulation(seed)];
        first.run(steps);
        second.run(steps);
        assert.deepEqual(second.transcript, first.transcript);
      }),
      { numRuns: Math.ceil(runs / 4) },
    );
  });
});
