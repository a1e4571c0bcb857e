import type { Random } from "../support/random.js";
import type { EventLog } from "./event-log.js";
import type { Faults } from "./faults.js";
import type { GoneLetters } from "./gone-letters.js";
import type { Limits } from "./limits.js";
import type { RunBook } from "./run-book.js";
import type { Seams } from "./seams.js";
import type { Timeline } from "./timeline.js";
import type { Verdict } from "./verdict.js";

/** What is known of the system from outside, and outlives its nodes. */
export interface Watched {
  /** The latest complete checkpoint holds every epoch up to this one. */
  checkpointedEpoch: number;
}

/** What every part of one simulated world shares. */
export interface World {
  readonly random: Random;
  readonly timeline: Timeline;
  readonly log: EventLog;
  readonly faults: Faults;
  readonly verdict: Verdict;
  readonly book: RunBook;
  readonly gone: GoneLetters;
  readonly limits: Limits;
  readonly seams: Seams;
  readonly watched: Watched;
}
