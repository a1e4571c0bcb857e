/** Which checkpoint is meant: the latest, one number, or the newest that is not younger. */
export type CheckpointChoice =
  | { readonly kind: "latest" }
  | { readonly kind: "number"; readonly number: number }
  | { readonly kind: "time"; readonly timeMs: number };

/** For messages. */
export const checkpointChoiceSyntax = "latest, a number, or a time such as 2026-11-24T05:00:00Z";

/** Undefined: the text is none of checkpointChoiceSyntax. */
export function parseCheckpointChoice(text: string): CheckpointChoice | undefined {
  if (text === "latest") return { kind: "latest" };
  if (/^[1-9]\d{0,11}$/.test(text)) return { kind: "number", number: Number(text) };
  const timeMs = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(timeMs) ? undefined : { kind: "time", timeMs };
}
