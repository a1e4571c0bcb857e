import type { BacklogReport } from "./backlog-trial.js";
import type { KillReport } from "./kill-trial.js";
import type { TimerReport } from "./timer-trial.js";

/** Differences that are shown in words. */
const differencesShownMax = 10;

export function describeKills(report: KillReport): string {
  const { differences } = report;
  const shown = differences.slice(0, differencesShownMax);
  const more = differences.length - shown.length;
  return [
    `seed ${report.seed}: ${number(report.kills)} kills of the node ` +
      `(${report.killsAtSteps} at a step of its disk, ${report.killsOfStarts} of a start), ` +
      `${report.drains} drains, ` +
      `${report.serverKills} kills and ${report.serverStops} stops of function servers`,
    ...shown,
    ...(more > 0 ? [`and ${more} differences more`] : []),
    `${number(report.records)} records, ${number(report.messages)} messages, ` +
      `${report.lost} lost, ${report.doubled} doubled, in ${seconds(report.seconds)}`,
  ].join("\n");
}

export function describeBacklog(report: BacklogReport): string {
  const { messages, addresses, lost, doubled, disordered } = report;
  return [
    `${number(messages)} messages for ${number(addresses)} addresses waited after ` +
      `${seconds(report.takingSeconds)}, and were done ${seconds(report.drainingSeconds)} after ` +
      "their function server was back",
    `the node's own memory was at most ${megabytes(report.takingBytesMax)} while they came, ` +
      `${megabytes(report.drainingBytesMax)} while they went`,
    `${lost} lost, ${doubled} doubled, ${disordered} out of order`,
  ].join("\n");
}

export function describeTimers(report: TimerReport): string {
  return [
    `${number(report.timers)} delayed messages were pending after ` +
      `${seconds(report.settingSeconds)}; overdue when the node came back, all of them had fired ` +
      `after ${seconds(report.firingSeconds)}`,
    `the node's own memory was at most ${megabytes(report.settingBytesMax)} while they were set, ` +
      `${megabytes(report.firingBytesMax)} while they fired`,
    `${report.lost} lost, ${report.doubled} doubled`,
  ].join("\n");
}

function number(count: number): string {
  return count.toLocaleString("en-US");
}

function seconds(count: number): string {
  return `${count.toFixed(1)} s`;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
