import type { Fields } from "../../src/protocol/protocol.js";
import type { Direction } from "../../src/proxy/forwarder.js";

/** What a mutant can do to the stream itself. */
export interface MutantStream {
  /** Sends a frame to a side, as if it came from the other. */
  inject(direction: Direction, frame: Fields): void;
  cut(): void;
}

/** A function server or a runtime with one bug: the correct one, seen through a filter that adds it. */
export interface Mutant {
  /** What it does wrong. */
  readonly about: string;
  /** Cases that have to fail, "suite/name". */
  readonly caughtBy: readonly string[];
  /** What the runtime receives in place of a frame of the server. */
  fromServer?(frame: Fields, stream: MutantStream): readonly Fields[];
  /** What the server receives in place of a frame of the runtime. */
  fromRuntime?(frame: Fields, stream: MutantStream): readonly Fields[];
  /** The end of the dialled side's stream is kept from the other. */
  readonly hidesEnd?: boolean;
}
