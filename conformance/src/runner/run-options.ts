import type { RecordedCase } from "../golden/transcript.js";
import type { CaseReport } from "../report/run-report.js";
import type { StartAs } from "../subject/told.js";
import { type Tier, tiers } from "../suite/data.js";

/** What both kinds of run are told. */
export interface RunOptions<Subject> {
  /** Called for the first case, and again when the subject has ended. */
  readonly start: () => Promise<Subject>;
  readonly stop: (subject: Subject) => Promise<void>;
  /** Starts one more, for a case that tells it something else. Without it no such case may be selected. */
  readonly startAs?: StartAs<Subject>;
  /** What the subject is said to offer; undefined: whatever it announces. */
  readonly declared: ReadonlySet<string> | undefined;
  /** Whether a case, "suite/name", is wanted. */
  readonly selects: (path: string) => boolean;
  /** Cases of higher levels are reported as not applicable. */
  readonly level: Tier;
  readonly onCase: (report: CaseReport) => void;
  /** Told of the frames of each case that passed and can be replayed. */
  readonly record?: (recorded: RecordedCase) => void;
}

/** What a run found out. */
export interface RunOutcome {
  readonly features: ReadonlySet<string>;
  readonly cases: readonly CaseReport[];
}

/** A case that is wanted. */
export interface Selected<Case> {
  readonly suite: string;
  readonly testCase: Case;
  /** Why it is not run, although it is wanted; empty: it is. */
  readonly above: string;
}

/** How the reason begins why a case above the run's level is not applicable. */
export const aboveLevel = "of level ";

/** The cases that are wanted, each with its suite's name. */
export function selectCases<
  Case extends {
    readonly name: string;
    readonly tier?: Tier | undefined;
    readonly features: readonly string[];
  },
>(
  suites: readonly {
    readonly suite: string;
    readonly tier: Tier;
    readonly cases: readonly Case[];
  }[],
  { selects, level }: Pick<RunOptions<never>, "selects" | "level">,
): readonly Selected<Case>[] {
  return suites.flatMap(({ suite, tier, cases }) => {
    const wanted = cases.filter(({ name }) => selects(`${suite}/${name}`));
    return wanted.map((testCase) => {
      const own = testCase.tier ?? tier;
      const isAbove = tiers.indexOf(own) > tiers.indexOf(level);
      return { suite, testCase, above: isAbove ? `${aboveLevel}${own}, above ${level}` : "" };
    });
  });
}
