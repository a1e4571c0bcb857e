import { type Lookup, medianOfRounds, type SubjectResult } from "./rounds.js";

/** What the runtime is meant to reach: a bound on a figure of one subject. */
export interface Goal {
  readonly subject: string;
  readonly says: string;
  readonly bound: { readonly atLeast: number } | { readonly atMost: number };
  /** Times a floor or another product; or milliseconds, megabytes, percent of one core. */
  readonly unit: "x" | "ms" | "MB" | "%";
  /** From one round's figures. */
  value(lookup: Lookup): number | undefined;
}

/** A goal beside what was measured. */
export interface GoalResult {
  readonly subject: string;
  readonly says: string;
  readonly unit: Goal["unit"];
  readonly bound: Goal["bound"];
  readonly measured: number | null;
  readonly verdict: "met" | "missed" | "not measured";
}

const megabyte = 1_000_000;

/** Every goal, in the order of the subjects. */
export const goals: readonly Goal[] = [
  atLeast("throughput", 0.8, "10,000 keys, fed by gRPC, over the bare framed echo", {
    value: ratio("ingress uniform.perSecond", "framed echo.perSecond"),
  }),
  atLeast("throughput", 0.8, "10,000 keys, functions among themselves, over the bare framed echo", {
    value: ratio("hops uniform.perSecond", "framed echo of hops.perSecond"),
  }),
  atLeast("million", 0.6, "1 million keys, fed by gRPC, over the bare framed echo", {
    value: ratio("ingress uniform.perSecond", "framed echo.perSecond"),
  }),
  atLeast("million", 0.6, "1 million keys, functions among themselves, over the framed echo", {
    value: ratio("hops uniform.perSecond", "framed echo of hops.perSecond"),
  }),
  ...latencyGoals("gRPC call", "unary gRPC"),
  ...latencyGoals("HTTP call", "bare HTTP"),
  ...[64, 256].map((connections) =>
    atLeast("http", 0.5, `calls over ${connections} HTTP connections, over bare node:http`, {
      value: ratio(`calls ${connections}.perSecond`, `node:http echo ${connections}.perSecond`),
    }),
  ),
  ...[64, 256].map((connections) =>
    atLeast("peers", 6, `calls over ${connections} HTTP connections, over Restate's`, {
      value: ratio(`calls ${connections}.perSecond`, `Restate calls ${connections}.perSecond`),
    }),
  ),
  atLeast("peers", 50, "messages between functions, over Restate's", {
    value: ratio("hops.perSecond", "Restate hops.perSecond"),
  }),
  atMost(
    "idle",
    250,
    "MB",
    "1 million instances: resident memory after the load, no mapped pages",
    {
      value: scaled("after load.anonymousBytes", megabyte),
    },
  ),
  atMost("idle", 250, "MB", "1 million instances: the same after a restart", {
    value: scaled("after restart.anonymousBytes", megabyte),
  }),
  atMost("idle", 1, "%", "1 million instances: CPU of an idle runtime, of one core", {
    value: (lookup) => lookup("after load.cpuPercent"),
  }),
  atMost("idle", 1000, "ms", "1 million instances: start after a clean stop until ready", {
    value: (lookup) => lookup("clean restart.readyMs"),
  }),
  atMost("idle", 1000, "ms", "1 million instances: start after kill -9 until ready", {
    value: (lookup) => lookup("restart after kill -9.readyMs"),
  }),
  ...["directory", "S3"].flatMap(checkpointGoals),
];

/** A checkpoint must not be felt, and not cost much more than its bytes. */
function checkpointGoals(place: string): readonly Goal[] {
  const own = `checkpoints in ${place}`;
  const restores = `restores from ${place}`;
  const floor = `${place} alone`;
  return [
    atMost("checkpoint", 10, "ms", `${place}: longest pause of the loop, 1 GB of state`, {
      value: (lookup) => lookup(`${own}.pauseMs`),
    }),
    atMost("checkpoint", 1.3, "x", `${place}: bytes of a delta over bytes that changed`, {
      value: (lookup) => lookup(`${own}.deltaBytesPerChangedByte`),
    }),
    atLeast("checkpoint", 0.7, `${place}: writing a base, over the store's own puts`, {
      value: ratio(`${own}.writeMBps`, `${floor}.putMBps`),
    }),
    atLeast("checkpoint", 0.7, `${place}: restoring, over the store's own gets`, {
      value: ratio(`${restores}.restoreMBps`, `${floor}.getMBps`),
    }),
    atLeast("checkpoint", 0.8, `${place}: restoring, over LMDB's own appends`, {
      value: ratio(`${restores}.restoreMBps`, "LMDB alone.restoreMBps"),
    }),
  ];
}

/** The goals of a subject beside its result. */
export function judge(result: SubjectResult): readonly GoalResult[] {
  return goals
    .filter((goal) => goal.subject === result.subject)
    .map((goal) => judgeOne(goal, result));
}

function judgeOne(goal: Goal, result: SubjectResult): GoalResult {
  const measured = medianOfRounds(result, (lookup) => goal.value(lookup));
  const { subject, says, unit, bound } = goal;
  const common = { subject, says, unit, bound, measured: measured ?? null };
  if (measured === undefined) return { ...common, verdict: "not measured" };
  const met = "atLeast" in bound ? measured >= bound.atLeast : measured <= bound.atMost;
  return { ...common, verdict: met ? "met" : "missed" };
}

/** A durable call has to cost little more than its disk write and its round trip. */
function latencyGoals(call: string, roundTrip: string): readonly Goal[] {
  const over = (figure: string) => (lookup: Lookup) =>
    quotient(
      lookup(`${call}.${figure}`),
      sum(lookup("fdatasync.p50Ms"), lookup(`${roundTrip}.p50Ms`)),
    );
  return [
    atMost("latency", 2, "x", `one ${call}, p50, over fdatasync and a bare round trip (p50)`, {
      value: over("p50Ms"),
    }),
    atMost("latency", 4, "x", `one ${call}, p99, over fdatasync and a bare round trip (p50)`, {
      value: over("p99Ms"),
    }),
  ];
}

function atLeast(subject: string, bound: number, says: string, goal: Pick<Goal, "value">): Goal {
  return { subject, says, bound: { atLeast: bound }, unit: "x", value: goal.value };
}

function atMost(
  subject: string,
  bound: number,
  unit: Goal["unit"],
  says: string,
  goal: Pick<Goal, "value">,
): Goal {
  return { subject, says, bound: { atMost: bound }, unit, value: goal.value };
}

function ratio(of: string, to: string): Goal["value"] {
  return (lookup) => quotient(lookup(of), lookup(to));
}

function scaled(figure: string, unit: number): Goal["value"] {
  return (lookup) => quotient(lookup(figure), unit);
}

function quotient(above: number | undefined, below: number | undefined): number | undefined {
  return above === undefined || below === undefined ? undefined : above / below;
}

function sum(first: number | undefined, second: number | undefined): number | undefined {
  return first === undefined || second === undefined ? undefined : first + second;
}
