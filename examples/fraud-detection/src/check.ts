import type { FraudOutcome } from "./fraud-run.js";
import { expectedScores, isAlert, type Workload } from "./workload.js";

/** How many of some numbers are what they should be. */
export interface Check {
  readonly name: string;
  readonly compared: number;
  readonly agreeing: number;
}

/** Compares what the functions came to with what the workload should give. */
export function checkOutcome(workload: Workload, outcome: FraudOutcome): readonly Check[] {
  const before = expectedScores(workload.payments, workload.frauds);
  const after = expectedScores(workload.payments, []);
  const alerts = [...expectedAlerts("before", before), ...expectedAlerts("after", after)];
  const received = outcome.alerts.map((alert) => `${alert.transaction} ${alert.score}`);
  return [
    compare("frauds by account", countEach(workload.frauds), outcome.frauds),
    compare("scores, frauds known", byIndex(before), byIndex(outcome.scoresBefore)),
    compare("scores, frauds expired", byIndex(after), byIndex(outcome.scoresAfter)),
    compare("alerts, each once", countEach(alerts), countEach(received)),
  ];
}

function expectedAlerts(round: string, scores: readonly number[]): readonly string[] {
  return scores.flatMap((score, index) => (isAlert(score) ? [`${round}-${index} ${score}`] : []));
}

/** A number that only one side has disagrees. */
function compare<K>(
  name: string,
  expected: ReadonlyMap<K, number | undefined>,
  found: ReadonlyMap<K, number | undefined>,
): Check {
  const keys = [...new Set([...expected.keys(), ...found.keys()])];
  const agreeing = keys.filter((key) => expected.get(key) === found.get(key)).length;
  return { name, compared: keys.length, agreeing };
}

function byIndex(
  numbers: readonly (number | undefined)[],
): ReadonlyMap<number, number | undefined> {
  return new Map(numbers.entries());
}

function countEach(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
