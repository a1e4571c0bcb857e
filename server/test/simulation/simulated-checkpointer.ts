import type { Command } from "../../src/core/command.js";
import type { EpochLoop } from "../../src/loop/epoch-loop.js";
import type { Scope } from "./timeline.js";
import type { World } from "./world.js";

/**
 * Takes checkpoints, as far as the core knows of them: it brings the tables up to an epoch, and says
 * some time later that a checkpoint holds it.
 */
export class SimulatedCheckpointer {
  readonly #world: World;
  readonly #scope: Scope;
  readonly #loop: EpochLoop;
  readonly #submit: (command: Command) => void;
  #isUnderWay = false;
  /** Something was new while a checkpoint was under way, which may not hold it. */
  #isNoted = false;

  constructor(parts: {
    readonly world: World;
    /** Of the node. */
    readonly scope: Scope;
    readonly loop: EpochLoop;
    readonly submit: (command: Command) => void;
  }) {
    this.#world = parts.world;
    this.#scope = parts.scope;
    this.#loop = parts.loop;
    this.#submit = parts.submit;
  }

  /** Something is new: sooner or later a checkpoint will hold it. */
  note(): void {
    const { limits, random } = this.#world;
    if (limits.core.egressesAfterCheckpoint.length === 0) return;
    this.#isNoted = this.#isUnderWay;
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    this.#scope.after(random.between(20, 600), "a checkpoint begins", () => void this.#take());
  }

  /** A fold has ended: by its size it may begin a checkpoint, at that very moment. */
  noteFold(): void {
    if (this.#isUnderWay || !this.#world.random.oneIn(3)) return;
    this.#isUnderWay = true;
    void this.#take();
  }

  async #take(): Promise<void> {
    const { random, watched, log } = this.#world;
    try {
      const epoch = await this.#loop.fold();
      this.#scope.after(random.between(1, 100), "a checkpoint is complete", () => {
        this.#isUnderWay = false;
        if (this.#isNoted) this.note();
        watched.checkpointedEpoch = Math.max(watched.checkpointedEpoch, epoch);
        log.add("checkpoint", `holds epoch ${epoch}`);
        this.#submit({ kind: "checkpointed", epoch });
      });
    } catch {
      // The loop has stopped, and with it the node.
    }
  }
}
