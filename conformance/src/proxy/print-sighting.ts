import colors from "picocolors";
import type { Clause } from "../protocol/clauses.js";
import { show } from "../runner/match.js";
import { toReadable } from "../wire/trace.js";
import { describeFrame } from "./describe-frame.js";
import type { Sighting } from "./protocol-proxy.js";

/** How sightings are printed. */
export interface PrintOptions {
  readonly clauses: ReadonlyMap<string, Clause>;
  /** Whole frames with the values of messages and states, which may be secrets. */
  readonly values: boolean;
}

/** A sighting as lines for people. */
export function formatSighting(
  stream: number,
  atMs: number,
  sighting: Sighting,
  { clauses, values }: PrintOptions,
): string {
  const head = `${(atMs / 1000).toFixed(4).padStart(10)} s  ${`#${stream}`.padEnd(4)}`;
  switch (sighting.kind) {
    case "opened":
      return `${head} --  opened`;
    case "frame":
      return `${head} ${describeSide(sighting, values)}`;
    case "ended":
      return `${head} --  ended with ${sighting.status}${sighting.details === "" ? "" : `: ${sighting.details}`}`;
    case "violation": {
      const { side, clause, message } = sighting.violation;
      const cited = clauses.get(clause)?.text ?? "";
      return `${head} ${colors.red(`!!  the ${side} breaks [${clause}]: ${message}`)}\n${" ".repeat(22)}${colors.dim(cited)}`;
    }
  }
}

function describeSide(
  sighting: Extract<Sighting, { readonly kind: "frame" }>,
  values: boolean,
): string {
  const { from, frame, bytes } = sighting;
  const arrow = from === "runtime" ? colors.cyan("runtime ->") : colors.magenta("server  <-");
  if (frame === undefined) return `${arrow} ${bytes} bytes that are no frame`;
  const text = values ? show(frame) : describeFrame(frame);
  return `${arrow} ${text} ${colors.dim(`${bytes} bytes`)}`;
}

/** A sighting as one line of JSON. */
export function sightingJson(
  stream: number,
  atMs: number,
  sighting: Sighting,
  { clauses, values }: PrintOptions,
): string {
  const head = { atMs: Number(atMs.toFixed(3)), stream, kind: sighting.kind };
  switch (sighting.kind) {
    case "opened":
      return JSON.stringify(head);
    case "ended":
      return JSON.stringify({ ...head, status: sighting.status, details: sighting.details });
    case "frame": {
      const { from, bytes, frame } = sighting;
      const text = frame === undefined ? "no frame" : describeFrame(frame);
      const whole = values && frame !== undefined ? { frame: toReadable(frame) } : {};
      return JSON.stringify({ ...head, from, bytes, text, ...whole });
    }
    case "violation": {
      const { side, clause, message } = sighting.violation;
      return JSON.stringify({ ...head, side, clause, message, text: clauses.get(clause)?.text });
    }
  }
}
