import type { OutboxRecord } from "../../src/core/outbox.js";
import type { Sink } from "../../src/egress/sink.js";
import { plannedFault } from "./planned-fault.js";
import type { Scope } from "./timeline.js";
import type { World } from "./world.js";

/** Where the records of one egress go. Outlives the node. */
export interface SimulatedSink {
  readonly egress: string;
  /** A node begins to write; it ends with the scope. */
  connect(scope: Scope): Sink;
  /** The node is gone: a part of a write that was under way may be there. */
  crash(): void;
  /** What a reader finds in the end, in order. */
  readonly texts: readonly string[];
}

/**
 * A file that knows nothing of sequences: what was written beyond the last acknowledged position is
 * cut back at the next start, since it comes again.
 */
export class FileLikeSink implements SimulatedSink {
  readonly egress: string;
  readonly #world: World;
  #texts: string[] = [];
  /** What a write under way would add. */
  #pending: readonly string[] = [];

  constructor(world: World, egress: string) {
    this.#world = world;
    this.egress = egress;
  }

  get texts(): readonly string[] {
    return this.#texts;
  }

  connect(scope: Scope): Sink {
    return {
      writeRecordsMax: 2,
      open: async ({ position }) => this.#open(position),
      write: (records) => {
        this.#pending = records.map(textOf);
        return written(this.#world, scope, this.egress, () => {
          this.#texts.push(...this.#pending);
          this.#pending = [];
          return this.#texts.length;
        });
      },
      close: () => Promise.resolve(),
    };
  }

  crash(): void {
    const { random, faults } = this.#world;
    if (this.#pending.length === 0) return;
    faults.note("crash within a write of a sink");
    this.#texts.push(...this.#pending.slice(0, random.below(this.#pending.length + 1)));
    this.#pending = [];
  }

  #open(position: number): void {
    const { verdict, faults, log } = this.#world;
    const { length } = this.#texts;
    verdict.check(position <= length, `${this.egress} has ${length} records, and had ${position}`);
    if (position === length) return;
    faults.note("records cut back at a restart");
    log.add(this.egress, `is cut back from ${length} to ${position} records`);
    this.#texts = this.#texts.slice(0, position);
  }
}

/** A subscriber that knows records by their sequence: one that comes again must be the same. */
export class FeedLikeSink implements SimulatedSink {
  readonly egress: string;
  readonly #world: World;
  readonly #onNew: (text: string) => void;
  readonly #texts: string[] = [];

  constructor(world: World, egress: string, onNew: (text: string) => void = () => undefined) {
    this.#world = world;
    this.egress = egress;
    this.#onNew = onNew;
  }

  get texts(): readonly string[] {
    return this.#texts;
  }

  connect(scope: Scope): Sink {
    return {
      writeRecordsMax: 3,
      open: () => Promise.resolve(),
      write: (records) =>
        // They are read at once; that they have arrived is known later.
        {
          for (const record of records) this.#take(record);
          return written(this.#world, scope, this.egress, () => records.at(-1)?.sequence ?? 0);
        },
      close: () => Promise.resolve(),
    };
  }

  crash(): void {
    // The subscriber has what it has.
  }

  #take(record: OutboxRecord): void {
    const { verdict, faults } = this.#world;
    const { sequence } = record;
    const text = textOf(record);
    const next = this.#texts.length + 1;
    if (sequence === next) {
      this.#texts.push(text);
      this.#onNew(text);
      return;
    }
    verdict.check(sequence < next, `record ${sequence} of ${this.egress} comes before ${next}`);
    const before = this.#texts[sequence - 1];
    verdict.check(
      text === before,
      `record ${sequence} of ${this.egress} was ${before}, is ${text}`,
    );
    faults.note("record delivered again");
  }
}

function textOf({ value }: OutboxRecord): string {
  return Buffer.from(value ?? []).toString();
}

/** Resolves with what `act` returns, once the write is done. */
function written(world: World, scope: Scope, egress: string, act: () => number): Promise<number> {
  const { faults, random } = world;
  const delayMs = faults.happens("slow sink", 6) ? random.between(20, 300) : random.below(6);
  const fails = faults.happens("failing sink", 300);
  return new Promise((resolve, reject) => {
    scope.after(delayMs, `${egress} has written`, () => {
      if (fails) reject(new Error(plannedFault));
      else resolve(act());
    });
  });
}
