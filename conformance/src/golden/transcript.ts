import type { RecordedLine } from "../wire/recording.js";

/** The frames of one case. */
export interface RecordedCase {
  readonly case: string;
  readonly lines: readonly RecordedLine[];
}

/** Bytes of a case, in base64, above which it is not recorded: transcripts stay small. */
const caseCharactersMax = 6000;

/** Steps whose frames say everything that the kit did. Others need a process, or a scenario. */
const replayable: ReadonlySet<string> = new Set([
  "open",
  "on",
  "hello",
  "send",
  "bytes",
  "invoke",
  "result",
  "expect",
  "error",
  "end",
  "credit",
  "drain",
  "halfClose",
  "cut",
  "alive",
  "attach",
  "welcome",
  "message",
  "invocation",
  "respond",
]);

/** Whether the frames of a case can be replayed. */
export function isReplayable(steps: readonly object[]): boolean {
  return steps.every((step) => Object.keys(step).some((key) => replayable.has(key)));
}

/** The lines of a transcript's file: a case each. Cases that are large are left out. */
export function formatTranscript(cases: readonly RecordedCase[]): string {
  const lines = cases.map((each) => JSON.stringify({ case: each.case, lines: ownOf(each) }));
  return `${lines.filter(({ length }) => length <= caseCharactersMax).join("\n")}\n`;
}

/** Without the cuts at the end: the kit hangs up when a case is over. */
function ownOf({ lines }: RecordedCase): readonly RecordedLine[] {
  const last = lines.findLastIndex(([, what]) => what !== "cut");
  return lines.slice(0, last + 1);
}

export function parseTranscript(text: string): readonly RecordedCase[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as RecordedCase);
}
