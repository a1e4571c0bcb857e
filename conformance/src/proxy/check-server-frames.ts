import type { Fields } from "../protocol/protocol.js";
import { payloadBytes } from "../runner/events.js";
import { checkEffects } from "./check-effects.js";
import { type Conversation, type InFlight, list, number, size, text } from "./conversation.js";
import type { Report } from "./report.js";

/** How long after its time has passed a result may still come: the way, and a busy machine. */
const lateMs = 2000;

export function checkResults(talk: Conversation, batch: Fields, report: Report): void {
  for (const result of list(batch["results"])) checkResult(talk, result, report);
}

function checkResult(talk: Conversation, result: Fields, report: Report): void {
  const id = number(result["invocation_id"]);
  if (talk.balance <= 0) report("CREDIT-4", `the result of #${id} at a balance of ${talk.balance}`);
  talk.balance -= payloadBytes(result);
  const invocation = talk.inFlight.get(id);
  if (invocation === undefined) {
    if (!talk.isGivenUp(id))
      report("RESULT-1", id > talk.lastId ? `#${id} was never sent` : `a second result of #${id}`);
    return;
  }
  talk.inFlight.delete(id);
  const failure = result["failure"] as Fields | undefined;
  const { timeoutMs, seenAtMs, address } = invocation;
  const isLate = timeoutMs > 0 && talk.nowMs - seenAtMs > timeoutMs + lateMs;
  if (isLate && failure?.["code"] !== "CODE_TIMEOUT")
    report("INVOKE-11", `the result of #${id} after ${timeoutMs} ms`);
  if (failure === undefined && talk.leaseOf(address) !== undefined)
    talk.remember(address, invocation.noLease ? -id : id);
  checkFailure(invocation, result, failure, report);
  checkChanges(talk, invocation, result, report);
  checkEffects(talk, result, report);
  checkReplies(talk, invocation, result, report);
}

function checkFailure(
  { id, inputs }: InFlight,
  result: Fields,
  failure: Fields | undefined,
  report: Report,
): void {
  if (failure === undefined) return;
  const completed = number(failure["completed_inputs"]);
  if (completed >= inputs)
    report("FAIL-2", `completed_inputs ${completed} of ${inputs} inputs in #${id}`);
  const { invocation_id: _id, failure: _failure, ...effects } = result;
  const has = Object.keys(effects).filter((name) => list(effects[name]).length > 0);
  if (completed === 0 && has.length > 0)
    report("FAIL-9", `#${id} failed at its first input and carries ${has.join(", ")}`);
  const bytes = Buffer.byteLength(text(failure["message"]));
  if (bytes > 4096) report("FAIL-5", `a failure's message of ${bytes} bytes`);
}

function checkChanges(
  talk: Conversation,
  { id, entry }: InFlight,
  result: Fields,
  report: Report,
): void {
  const states = list(talk.entry(entry)["states"]).length;
  const seen = new Set<number>();
  for (const { state, value } of list(result["state_changes"])) {
    const index = number(state);
    if (index >= states) report("STATE-4", `state ${index} of an entry with ${states}, in #${id}`);
    if (seen.has(index)) report("STATE-3", `state ${index} is named twice in #${id}`);
    seen.add(index);
    const max = talk.limit("value_bytes_max");
    if (size(value) > max) report("LIMIT-2", `a state of ${size(value)} bytes exceeds ${max}`);
  }
}

function checkReplies(
  talk: Conversation,
  { id, inputs }: InFlight,
  result: Fields,
  report: Report,
): void {
  const failure = result["failure"] as Fields | undefined;
  const completed = failure === undefined ? inputs : number(failure["completed_inputs"]);
  const seen = new Set<number>();
  for (const reply of list(result["replies"])) {
    const input = number(reply["input"]);
    if (input >= completed)
      report("REPLY-3", `a reply to input ${input} of #${id}, which completed ${completed}`);
    if (seen.has(input)) report("REPLY-2", `two replies to input ${input} of #${id}`);
    seen.add(input);
    if (text(reply["typename"]) === "") report("SEND-5", "a reply without typename");
    const max = talk.limit("value_bytes_max");
    if (size(reply["value"]) > max)
      report("LIMIT-2", `a reply of ${size(reply["value"])} bytes exceeds ${max}`);
  }
}

export function checkStateRequest(talk: Conversation, request: Fields, report: Report): void {
  const id = number(request["invocation_id"]);
  const states = list(request["states"]).map(Number);
  const leaseMissing = request["lease_missing"] === true;
  if (leaseMissing !== (states.length === 0) || new Set(states).size !== states.length)
    report("LAZY-5", `states [${states.join(", ")}], lease_missing ${leaseMissing}`);
  if (states.length * talk.limit("value_bytes_max") > talk.limit("frame_bytes_max"))
    report("LAZY-6", `${states.length} states do not fit into a frame`);
  const invocation = talk.inFlight.get(id);
  if (invocation === undefined) {
    if (!talk.isGivenUp(id)) report("LAZY-2", `#${id} is not in flight`);
    return;
  }
  const specs = list(talk.entry(invocation.entry)["states"]);
  for (const state of states) {
    if (specs[state] === undefined) report("STATE-4", `state ${state} of #${id}`);
  }
  if (leaseMissing && (invocation.lease === 0 || invocation.leaseMissing))
    report("LEASE-11", `lease_missing for #${id}, which named lease ${invocation.lease}`);
  invocation.leaseMissing ||= leaseMissing;
  invocation.requests.push(leaseMissing ? null : states);
}
