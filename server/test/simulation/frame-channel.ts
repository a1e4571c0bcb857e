import type { Random } from "../support/random.js";
import type { Scope } from "./timeline.js";

/**
 * One direction of a stream: frames arrive in the order in which they were sent, each after a time of
 * its own.
 */
export class FrameChannel {
  readonly #name: string;
  readonly #scope: Scope;
  readonly #random: Random;
  readonly #receive: (frame: Buffer) => void;
  /** Sent, and not arrived. */
  #frames: Buffer[] = [];

  constructor(options: {
    /** For the event log. */
    readonly name: string;
    readonly scope: Scope;
    readonly random: Random;
    readonly receive: (frame: Buffer) => void;
  }) {
    this.#name = options.name;
    this.#scope = options.scope;
    this.#random = options.random;
    this.#receive = options.receive;
  }

  send(frame: Buffer): void {
    this.#frames.push(frame);
    const delayMs = this.#random.weighted([
      [6, 0],
      [6, 1],
      [2, this.#random.between(2, 15)],
    ]);
    // Whatever the times, the frames themselves keep their order.
    this.#scope.after(delayMs, this.#name, () => {
      const first = this.#frames.shift();
      if (first !== undefined) this.#receive(first);
    });
  }

  /** What has been sent and has not arrived: it is lost from now on. */
  cut(): readonly Buffer[] {
    const lost = this.#frames;
    this.#frames = [];
    return lost;
  }
}
