import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { checkOutcome } from "./check.js";
import { type FraudOutcome, runFraudDetection } from "./fraud-run.js";
import type { Alert } from "./messages.js";
import { printChecks } from "./print-checks.js";
import { generateWorkload } from "./workload.js";

const seed = 7;
const size = { accounts: 60, merchants: 20, frauds: 90, payments: 400 };
const alertsShown = 8;
// Where the run's files go; emptied first.
const directory = resolve(
  process.argv[2] ?? fileURLToPath(new URL("../../.statewire-demo", import.meta.url)),
);

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const workload = generateWorkload(seed, size);
    const outcome = await runFraudDetection(workload, directory);
    printOutcome(outcome);
    return printChecks(checkOutcome(workload, outcome));
  } catch (error) {
    console.error(`fraud-detection: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}

function printOutcome({ alerts, scoresBefore, scoresAfter }: FraudOutcome): void {
  console.log(
    `${size.payments} payments of ${size.accounts} accounts at ${size.merchants} merchants`,
  );
  console.log(`\nThe ${alertsShown} highest alerts`);
  const highest = alerts.toSorted((a, b) => b.score - a.score).slice(0, alertsShown);
  for (const alert of highest) console.log(formatAlert(alert));
  console.log(`\n${" ".repeat(17)}frauds known   frauds expired`);
  printRow("alerts", countOf(alerts, "before"), countOf(alerts, "after"));
  printRow("mean score", mean(scoresBefore), mean(scoresAfter));
}

function formatAlert({ transaction, account, merchant, amount, score }: Alert): string {
  const paid = `$ ${amount}`.padStart(8);
  return `  ${score}  ${transaction.padEnd(12)}${account.padEnd(12)}${merchant.padEnd(13)}${paid}`;
}

function printRow(name: string, before: string, after: string): void {
  console.log(`  ${name.padEnd(15)}${before.padStart(12)}${after.padStart(17)}`);
}

function countOf(alerts: readonly Alert[], round: string): string {
  return String(alerts.filter(({ transaction }) => transaction.startsWith(`${round}-`)).length);
}

function mean(scores: readonly (number | undefined)[]): string {
  return (scores.reduce((sum: number, score) => sum + (score ?? 0), 0) / scores.length).toFixed(1);
}
