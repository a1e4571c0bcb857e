import { decodeLetter, type Letter } from "./program.js";

/** A letter that was given up: it has had no effect, and never will. */
export interface GoneLetter {
  readonly to: string;
  readonly letter: Letter;
}

interface Drop extends GoneLetter {
  readonly epoch: number;
}

/** The members of a dead letter that matter here. docs/MODULE.md has them all. */
interface DeadLetter {
  readonly function: string;
  readonly id: string;
  readonly base64: string;
}

/** Which letters were given up for good: by a function's policy, or by an operator. */
export class GoneLetters {
  #drops: Drop[] = [];
  readonly #dead: GoneLetter[] = [];

  /** An operator has dropped the letter. It is for good once the epoch is. */
  dropped(drop: Drop): void {
    this.#drops.push(drop);
  }

  /** The node has died: what was not durable has not happened. */
  rollBack(durableEpoch: number): void {
    this.#drops = this.#drops.filter(({ epoch }) => epoch <= durableEpoch);
  }

  /** A dead letter has arrived outside: it is for good. */
  died(text: string): void {
    const { function: typeName, id, base64 } = JSON.parse(text) as DeadLetter;
    const letter = decodeLetter(Buffer.from(base64, "base64"));
    this.#dead.push({ to: `${typeName}/${id}`, letter });
  }

  get all(): readonly GoneLetter[] {
    return [...this.#drops, ...this.#dead];
  }

  has(program: string): boolean {
    return this.all.some(({ letter }) => letter.program.id === program);
  }
}
