import { isReplayable, type RecordedCase } from "../golden/transcript.js";
import type { CaseReport } from "../report/run-report.js";
import type { StreamEvent } from "../wire/event.js";
import type { FrameStream } from "../wire/frame-stream.js";
import type { RecordedLine } from "../wire/recording.js";
import { Trace } from "../wire/trace.js";
import { CaseFailure } from "./case-failure.js";
import { show } from "./match.js";
import { patienceMs } from "./patience.js";

/** What every case says of itself, whatever its steps are. */
interface CaseHead<Step> {
  readonly name: string;
  readonly clauses: readonly string[];
  readonly level: CaseReport["level"];
  readonly features: readonly string[];
  readonly withinMs: number;
  readonly steps: readonly Step[];
}

/** A case that runs. */
export interface RunningCase<Step> {
  /** @throws CaseFailure when the subject did not do what the step expects. */
  run(step: Step): Promise<void>;
  /** The streams that it opened. */
  readonly streams: readonly FrameStream[];
  /** How the subject ended although no step asked for it; empty: it runs. */
  readonly death: string;
  /** Ends its streams, and what else it has started. */
  close(): Promise<void>;
}

/** Runs one case, and tells how it ended. */
export async function runCase<Step>(parts: {
  readonly suite: string;
  readonly testCase: CaseHead<Step>;
  /** Why it is not run; empty: it is. */
  readonly above: string;
  readonly features: ReadonlySet<string>;
  readonly open: (trace: Trace) => RunningCase<Step>;
  /** Told of the frames of each case that passed and can be replayed. */
  readonly record?: ((recorded: RecordedCase) => void) | undefined;
  /** Events that no step has to take. */
  readonly permitted: ReadonlySet<string>;
}): Promise<CaseReport> {
  const { suite, testCase, features } = parts;
  const { name, clauses, level } = testCase;
  const common = { suite, name, clauses, level };
  const missing = testCase.features.filter((feature) => !features.has(feature));
  if (missing.length > 0 || parts.above !== "") {
    const reason = parts.above === "" ? `needs ${missing.join(", ")}` : parts.above;
    return { ...common, outcome: "not applicable", reason, step: 0, durationMs: 0, trace: [] };
  }
  const lines: RecordedLine[] = [];
  const records = parts.record !== undefined && isReplayable(testCase.steps as readonly object[]);
  const trace = new Trace(records ? (line) => lines.push(line) : undefined);
  const startedMs = performance.now();
  const running = parts.open(trace);
  const failure = await failureOf(running, testCase, parts.permitted);
  const durationMs = performance.now() - startedMs;
  if (failure === undefined && running.death === "") {
    if (records) parts.record?.({ case: `${suite}/${name}`, lines });
    return {
      ...common,
      outcome: "passed",
      reason: "",
      step: 0,
      durationMs,
      trace: trace.summary,
    };
  }
  const reason = `${failure?.message ?? ""}\n${running.death}`.trim();
  const step = (failure?.step ?? 0) + 1;
  return { ...common, outcome: "failed", reason, step, durationMs, trace: trace.entries };
}

async function failureOf<Step>(
  running: RunningCase<Step>,
  { steps, withinMs }: CaseHead<Step>,
  permitted: ReadonlySet<string>,
): Promise<CaseFailure | undefined> {
  const untilMs = performance.now() + patienceMs(withinMs);
  try {
    for (const [at, step] of steps.entries()) {
      const failure = await failureOfStep(running, step);
      if (failure === undefined && performance.now() < untilMs) continue;
      const found = failure ?? new CaseFailure(`the case took more than ${withinMs} ms`);
      found.step = at;
      return found;
    }
    return unexpected(running.streams, permitted, steps.length - 1);
  } finally {
    await running.close();
  }
}

/** What came although no step asked for it: a second result, for example. */
function unexpected(
  streams: readonly FrameStream[],
  permitted: ReadonlySet<string>,
  step: number,
): CaseFailure | undefined {
  for (const stream of streams) {
    const isSurplus = ({ kind }: StreamEvent) => kind !== "end" && !permitted.has(kind);
    const event = stream.hasEnded ? undefined : stream.events.rest.find(isSurplus);
    if (event === undefined) continue;
    const failure = new CaseFailure(`not expected: ${event.kind} ${show(event.fields)}`);
    failure.step = step;
    return failure;
  }
  return undefined;
}

async function failureOfStep<Step>(
  running: RunningCase<Step>,
  step: Step,
): Promise<CaseFailure | undefined> {
  try {
    await running.run(step);
    return undefined;
  } catch (error) {
    if (error instanceof CaseFailure) return error;
    throw error;
  }
}
