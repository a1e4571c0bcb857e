import type { CaseReport } from "../report/run-report.js";

/** What both kinds of run are told. */
export interface RunOptions<Subject> {
  /** Called for the first case, and again when the subject has ended. */
  readonly start: () => Promise<Subject>;
  readonly stop: (subject: Subject) => Promise<void>;
  /** What the subject is said to offer; undefined: whatever it announces. */
  readonly declared: ReadonlySet<string> | undefined;
  /** Whether a case, "suite/name", is wanted. */
  readonly selects: (path: string) => boolean;
  readonly onCase: (report: CaseReport) => void;
}

/** What a run found out. */
export interface RunOutcome {
  readonly features: ReadonlySet<string>;
  readonly cases: readonly CaseReport[];
}

/** The cases that are wanted, each with its suite's name. */
export function selectCases<Case extends { readonly name: string }>(
  suites: readonly { readonly suite: string; readonly cases: readonly Case[] }[],
  selects: (path: string) => boolean,
): readonly { readonly suite: string; readonly testCase: Case }[] {
  return suites.flatMap(({ suite, cases }) => {
    const wanted = cases.filter(({ name }) => selects(`${suite}/${name}`));
    return wanted.map((testCase) => ({ suite, testCase }));
  });
}
