import { decodePlaygroundRecord } from "../../codec/playground-codec.js";
import type { Command, InvocationResult, OutgoingRecord } from "../../core/command.js";
import { playgroundEgressId, topicEgressId } from "../../module/statefun/playground.js";

/**
 * Lets the records of results go to their topics: functions send all of them to one egress, and name the
 * topic inside. A record that names none refuses its result, as one for an unknown egress does.
 */
export function routeToTopics(submit: (command: Command) => void): (command: Command) => void {
  return (command) => {
    const isConcerned = command.kind === "results" && command.results.some(hasRecord);
    submit(isConcerned ? { ...command, results: command.results.map(routeResult) } : command);
  };
}

function hasRecord({ egressRecords }: InvocationResult): boolean {
  return egressRecords.some(({ egress }) => egress === playgroundEgressId);
}

function routeResult(result: InvocationResult): InvocationResult {
  if (!hasRecord(result)) return result;
  const egressRecords: OutgoingRecord[] = [];
  for (const record of result.egressRecords) {
    const routed = record.egress === playgroundEgressId ? routeRecord(record) : record;
    if (typeof routed === "string") return refuse(result, routed);
    egressRecords.push(routed);
  }
  return { ...result, egressRecords };
}

function routeRecord({ value }: OutgoingRecord): OutgoingRecord | string {
  const record = decodePlaygroundRecord(value);
  if (typeof record === "string") return record;
  return { egress: topicEgressId(record.topic), value: record.payload };
}

function refuse(result: InvocationResult, reason: string): InvocationResult {
  const none = { stateChanges: [], sends: [], timerChanges: [], egressRecords: [], replies: [] };
  const message = `record for ${playgroundEgressId}: ${reason}`;
  return { ...result, ...none, refused: { clause: "EGRESS-1", message } };
}
