import { createHash } from "node:crypto";
import type { Timeline } from "./timeline.js";

/**
 * Everything that happened in a simulated world, one line each, in order. Two runs of one seed give
 * the same lines, byte for byte.
 */
export class EventLog {
  readonly #timeline: Timeline;
  readonly #lines: string[] = [];

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  /** `who` has up to ten characters: the part of the world that this happened to. */
  add(who: string, what: string): void {
    this.#lines.push(`${String(this.#timeline.nowMs).padStart(8)} ${who.padEnd(10)} ${what}`);
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  /** SHA-256 of all lines. */
  hash(): string {
    return createHash("sha256").update(this.#lines.join("\n")).digest("hex");
  }
}
