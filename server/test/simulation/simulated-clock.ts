import { type Clock, runningTime, type Wakeup } from "../../src/loop/clock.js";
import type { Scope } from "./timeline.js";
import type { World } from "./world.js";

/** When every simulated world begins, in milliseconds since the Unix epoch. */
const startMs = 1_000_000;

/** The clock on the wall: it may jump, and outlives the node. */
export class WallClock {
  readonly #world: Pick<World, "timeline" | "faults" | "random" | "log">;
  #offsetMs = startMs;

  constructor(world: Pick<World, "timeline" | "faults" | "random" | "log">) {
    this.#world = world;
  }

  nowMs(): number {
    return this.#world.timeline.nowMs + this.#offsetMs;
  }

  /** Jumps, by chance. */
  stir(): void {
    const { faults, random, log } = this.#world;
    const before = this.#offsetMs;
    if (faults.happens("clock jumps ahead", 300)) this.#offsetMs += random.pick([3, 100, 5000]);
    if (faults.happens("clock jumps back", 300)) this.#offsetMs -= random.pick([3, 100, 1000]);
    const jumpMs = this.#offsetMs - before;
    if (jumpMs !== 0) log.add("clock", `jumps by ${jumpMs} ms to ${this.nowMs()}`);
  }
}

/** The clock of one node: that on the wall, and wake-ups that come early or late. */
export function simulatedClock(world: World, wall: WallClock, scope: Scope): Clock {
  const { faults, random, timeline } = world;
  return {
    nowMs: runningTime(
      () => wall.nowMs(),
      () => timeline.nowMs,
    ),
    wakeAfter: (delayMs, wake) => {
      let isWanted = true;
      let skewMs = 0;
      if (faults.happens("wake-up too early", 40)) skewMs = -random.below(3);
      if (faults.happens("wake-up too late", 40)) skewMs = random.between(1, 50);
      // As the system's, which has no wake-up before one millisecond has passed.
      scope.after(Math.max(1, delayMs + skewMs), "the loop wakes up", () => {
        if (isWanted) wake();
      });
      const wakeup: Wakeup = {
        cancel: () => {
          isWanted = false;
        },
      };
      return wakeup;
    },
    soon: (turn) => scope.after(0, "the loop's turn", turn),
  };
}
