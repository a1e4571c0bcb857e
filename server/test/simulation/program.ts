import { hashText } from "../../src/core/hash.js";
import type { Random } from "../support/random.js";

// The work of the simulated functions. A message carries a program: what its receiver is to do, and
// in it the programs of the messages that this sends. So what a message must come to in the end is
// known when it is made.

/** Every address of a simulated world: "namespace/type/id". */
export const addresses: readonly string[] = ["t/a", "w/x", "w/y"].flatMap((typeName) =>
  ["0", "1", "2"].map((id) => `${typeName}/${id}`),
);

/** An address of a type that no server has, and no module declares: messages to it are parked. */
export const unservedAddress = "u/nowhere/0";

/** The egresses that functions emit to. */
export const egresses = ["e/file", "e/feed"] as const;
export type EgressName = (typeof egresses)[number];

/** The egress that messages go to which are given up. */
export const deadEgress = "e/dead";

/** State that expires: after it was written, or after the last invocation of its address. */
export type ExpiringState = "brief" | "warm";

export type Step =
  /** Adds to the address's tally. */
  | { readonly do: "add"; readonly amount: number }
  | { readonly do: "send"; readonly to: string; readonly program: Program }
  /** Sends after a time. With `token`, the address's next cancellation stops it. */
  | {
      readonly do: "delay";
      readonly to: string;
      readonly delayMs: number;
      readonly token: boolean;
      readonly program: Program;
    }
  /** Cancels the address's delayed message with a token that is pending, if there is one. */
  | { readonly do: "cancel" }
  | { readonly do: "emit"; readonly egress: EgressName; readonly records: number }
  /** Fails the first times that it is run. */
  | { readonly do: "fail"; readonly times: number }
  | { readonly do: "write"; readonly state: ExpiringState }
  | { readonly do: "erase"; readonly state: ExpiringState }
  /** Makes the message large. */
  | { readonly do: "carry"; readonly ballast: string };

export interface Program {
  /** Unique in its world; a program's name begins with that of the program it is part of. */
  readonly id: string;
  readonly steps: readonly Step[];
}

export interface ProgramLimits {
  /** Steps of one program. */
  readonly stepsMax: number;
  /** Programs within programs. */
  readonly depthMax: number;
  /** Bytes of a large message. */
  readonly ballastBytesMax: number;
}

/** A random program. Chains may lead back to where they came from. */
export function randomProgram(
  random: Random,
  limits: ProgramLimits,
  id: string,
  depth = 0,
): Program {
  const count = random.between(depth === 0 ? 1 : 0, limits.stepsMax);
  const steps = Array.from({ length: count }, (_, at) =>
    randomStep(random, limits, `${id}.${at}`, depth + 1),
  );
  return { id, steps };
}

function randomStep(random: Random, limits: ProgramLimits, id: string, depth: number): Step {
  const { depthMax, ballastBytesMax } = limits;
  const child = () => randomProgram(random, limits, id, depth);
  const sends = depth <= depthMax ? 1 : 0;
  const make = random.weighted<() => Step>([
    [12, () => ({ do: "add", amount: random.between(1, 9) })],
    [9 * sends, () => ({ do: "send", to: randomAddress(random), program: child() })],
    [6 * sends, () => randomDelay(random, child())],
    [2, () => ({ do: "cancel" })],
    [4, () => ({ do: "emit", egress: random.pick(egresses), records: random.between(1, 5) })],
    [1, () => ({ do: "fail", times: random.between(1, 3) })],
    [2, () => ({ do: "write", state: random.pick(["brief", "warm"] as const) })],
    [1, () => ({ do: "erase", state: random.pick(["brief", "warm"] as const) })],
    [1, () => ({ do: "carry", ballast: "x".repeat(random.below(ballastBytesMax)) })],
  ]);
  return make();
}

function randomDelay(random: Random, program: Program): Step {
  const delayMs = random.weighted([
    [1, 0],
    [6, random.between(1, 40)],
    [3, random.between(40, 600)],
    [1, random.between(600, 20_000)],
  ]);
  return { do: "delay", to: randomAddress(random), delayMs, token: random.oneIn(2), program };
}

/** As the event log shows it. */
export function formatProgram({ steps }: Program): string {
  return `{${steps.map(formatStep).join(", ")}}`;
}

function formatStep(step: Step): string {
  switch (step.do) {
    case "add":
      return `add ${step.amount}`;
    case "send":
      return `send ${step.to} ${formatProgram(step.program)}`;
    case "delay": {
      const how = step.token ? "cancellable " : "";
      return `${how}after ${step.delayMs} send ${step.to} ${formatProgram(step.program)}`;
    }
    case "cancel":
      return "cancel";
    case "emit":
      return `emit ${step.records} to ${step.egress}`;
    case "fail":
      return `fail ${step.times} times`;
    case "write":
    case "erase":
      return `${step.do} ${step.state}`;
    case "carry":
      return `carry ${step.ballast.length} bytes`;
  }
}

/** Some addresses get much more than others. */
function randomAddress(random: Random): string {
  if (random.oneIn(60)) return unservedAddress;
  return random.pick(random.oneIn(3) ? addresses.slice(0, 2) : addresses);
}

/** Where a root of that name goes: the same whenever it is asked. */
export function targetOf(id: string): string {
  return addresses[hashText(id) % addresses.length] ?? "";
}

/** The message that a program travels in. */
export interface Letter {
  /** The address or ingress source that sent it. */
  readonly from: string;
  /** The so-manyth of its sender to its receiver; 0: nothing is said about its order. */
  readonly number: number;
  readonly program: Program;
}

export const letterTypename = "x/letter";

export function encodeLetter(letter: Letter): Buffer {
  return Buffer.from(JSON.stringify(letter));
}

export function decodeLetter(value: Uint8Array): Letter {
  return JSON.parse(Buffer.from(value).toString()) as Letter;
}
