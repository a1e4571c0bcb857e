import type { Figures } from "./figures.js";

/** What a series stands for in a table. */
export type SeriesRole =
  /** What the machine can do: nothing of the runtime in it. */
  | "floor"
  | "statewire"
  /** Another product, under the same load. */
  | "peer";

/** One thing that is measured again and again, in turns with the other series of its subject. */
export interface Series {
  readonly name: string;
  readonly role: SeriesRole;
  /** The series whose figures of the same name are this one's measure. */
  readonly floor?: string;
  /** Measured once per subject instead of once per round: what cannot be repeated cheaply. */
  readonly once?: boolean;
  /**
   * How long it is warmed up for, in milliseconds, unless the run is a quick one. Default: a third of a
   * round, and half a second at least.
   */
  readonly warmUpMs?: number;
  /** Measures for about so long. */
  measure(durationMs: number): Promise<Figures>;
}

/** A question and the series that answer it. */
export interface Subject {
  readonly name: string;
  /** One line for people. */
  readonly question: string;
  /** True when it needs no runtime. */
  readonly floorsOnly?: boolean;
  /** @throws SkippedSubject when something that it needs is not there. */
  open(bench: Bench): Promise<OpenSubject>;
}

/** A subject whose processes run. Series are measured in this order in every round. */
export interface OpenSubject {
  readonly series: readonly Series[];
  close(): Promise<void>;
}

/** What every subject is given. */
export interface Bench {
  /** Seconds of one measurement, in milliseconds. */
  readonly durationMs: number;
  readonly rounds: number;
  /** Only series whose names hold this text are measured; null: all. */
  readonly only: string | null;
  /** Smaller data sets; the figures are for trying the benchmark out. */
  readonly quick: boolean;
  /** A folder of this run's own on the disk that is measured; removed at the end. */
  readonly scratchDirectory: string;
  /** Where CPU profiles of the runtime and the function server go; null: none are taken. */
  readonly profileDirectory: string | null;
  /** Says what is being done, on a terminal. */
  progress(text: string): void;
}

/** A subject that cannot run here, and why. */
export class SkippedSubject extends Error {
  override readonly name = "SkippedSubject";
}
