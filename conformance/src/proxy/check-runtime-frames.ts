import type { Fields } from "../protocol/protocol.js";
import { payloadBytes } from "../runner/events.js";
import { type Conversation, isTypeName, list, number, size, text } from "./conversation.js";
import type { Report } from "./report.js";

/** Type definitions that a stream may have. [TABLE-10] */
const definitionsMax = 65_536;

/** How much sooner than by this clock the runtime may see a time pass, as a factor. */
const clockSlack = 0.9;

export function checkBatch(talk: Conversation, batch: Fields, report: Report): void {
  talk.balance += number(batch["result_credit_bytes"]);
  for (const definition of list(batch["types"])) define(talk, definition, report);
  for (const invocation of list(batch["invocations"])) checkInvocation(talk, invocation, report);
}

function define(talk: Conversation, definition: Fields, report: Report): void {
  const index = number(definition["index"]);
  const name = text(definition["type_name"]);
  const entry = number(definition["entry"]);
  if (index !== talk.types.length)
    report("TABLE-6", `index ${index}, expected ${talk.types.length}`);
  if (!isTypeName(name, false) || talk.indexOf(name) !== undefined)
    report("TABLE-7", `type_name "${name}"`);
  const expected = talk.indexOf(`${name.split("/")[0]}/*`) ?? 0;
  if (entry !== expected) report("TABLE-8", `entry ${entry} of ${name}, expected ${expected}`);
  if (++talk.definitions > definitionsMax)
    report("TABLE-10", `more than ${definitionsMax} definitions`);
  talk.assign(index, name, entry);
}

function checkInvocation(talk: Conversation, invocation: Fields, report: Report): void {
  const id = number(invocation["invocation_id"]);
  const type = number(invocation["type"]);
  const entry = talk.entries[type] ?? 0;
  const address = `${talk.types[type] ?? type}/${text(invocation["id"])}`;
  const inputs = list(invocation["inputs"]);
  if (talk.drained.runtime) report("DRAIN-1", `#${id} after the runtime's Drain`);
  if (id <= talk.lastId) report("INVOKE-3", `id ${id} after ${talk.lastId}`);
  if (entry === 0) report("INVOKE-9", `type ${type} of #${id} is served by no entry`);
  const idBytes = Buffer.byteLength(text(invocation["id"]));
  if (idBytes > talk.limit("id_bytes_max"))
    report("LIMIT-3", `an id of ${idBytes} bytes exceeds ${talk.limit("id_bytes_max")}`);
  checkInputs(talk, entry, inputs, report);
  checkStates(talk, entry, invocation, report);
  checkLease(talk, address, number(invocation["lease"]), report);
  giveUpOlder(talk, address, report);
  checkWindow(talk, entry, report);
  talk.lastId = Math.max(talk.lastId, id);
  talk.remember(address, 0);
  talk.inFlight.set(id, {
    id,
    type,
    entry,
    address,
    inputs: inputs.length,
    lease: number(invocation["lease"]),
    noLease: invocation["no_lease"] === true,
    bytes: payloadBytes(invocation),
    timeoutMs: number(invocation["timeout_ms"]),
    seenAtMs: talk.nowMs,
    requests: [],
    leaseMissing: false,
  });
}

function checkInputs(
  talk: Conversation,
  entry: number,
  inputs: readonly Fields[],
  report: Report,
): void {
  const batchMax = number(talk.entry(entry)["batch_max"]);
  if (inputs.length === 0) report("INVOKE-4", "an invocation without inputs");
  if (batchMax > 0 && inputs.length > batchMax)
    report("INVOKE-4", `${inputs.length} inputs exceed batch_max ${batchMax}`);
  for (const input of inputs) {
    const caller = number(input["caller_type"]);
    const name = talk.types[caller];
    if (name === undefined || name.endsWith("/*"))
      report("INVOKE-5", `caller_type ${caller} is no function type`);
    checkValue(talk, input, report);
  }
}

function checkValue(talk: Conversation, { value }: Fields, report: Report): void {
  if (size(value) > talk.limit("value_bytes_max"))
    report("LIMIT-2", `a value of ${size(value)} bytes exceeds ${talk.limit("value_bytes_max")}`);
}

function checkStates(talk: Conversation, entry: number, invocation: Fields, report: Report): void {
  const specs = list(talk.entry(entry)["states"]);
  const seen = new Set<number>();
  for (const state of list(invocation["states"])) {
    const index = number(state["state"]);
    const spec = specs[index];
    if (entry > 0 && (spec === undefined || spec["lazy"] === true || seen.has(index)))
      report("STATE-1", `state ${index}: not in the entry, lazy, or listed twice`);
    seen.add(index);
    checkValue(talk, state, report);
  }
  const lease = number(invocation["lease"]);
  if (lease !== 0 && seen.size > 0) report("STATE-9", `${seen.size} states under lease ${lease}`);
}

function checkLease(talk: Conversation, address: string, lease: number, report: Report): void {
  if (lease === 0) return;
  if (!talk.has("leases")) {
    report("LEASE-4", `lease ${lease}, and Welcome does not name leases`);
    return;
  }
  const valid = talk.leaseOf(address);
  if (valid === lease) return;
  if (valid === -lease) {
    report("LEASE-12", `lease ${lease}, and that invocation came with no_lease`);
    return;
  }
  const last = valid === undefined || valid === 0 ? "none" : valid;
  report("LEASE-1", `lease ${lease}, and the address can be leased at ${last}`);
}

/** The runtime has given up what it sends again; nothing else may be in flight. [INVOKE-2] */
function giveUpOlder(talk: Conversation, address: string, report: Report): void {
  for (const older of talk.inFlight.values()) {
    if (older.address !== address) continue;
    const passed = talk.nowMs - older.seenAtMs >= older.timeoutMs * clockSlack;
    if (older.timeoutMs === 0 || !passed)
      report("INVOKE-2", `#${older.id} of the same address is in flight`);
    talk.giveUp(older.id);
  }
}

function checkWindow(talk: Conversation, entry: number, report: Report): void {
  const open = [...talk.inFlight.values()].filter(({ timeoutMs, seenAtMs }) => {
    return timeoutMs === 0 || talk.nowMs - seenAtMs < timeoutMs * clockSlack;
  });
  const { invocations, bytes } = talk.window;
  if (open.length >= invocations)
    report("CREDIT-6", `${open.length} in flight fill the window of ${invocations}`);
  const sum = open.reduce((total, each) => total + each.bytes, 0);
  if (sum >= bytes) report("CREDIT-7", `${sum} bytes in flight fill the window of ${bytes}`);
  const entryMax = number(talk.entry(entry)["in_flight_max"]);
  const ofEntry = open.filter((each) => each.entry === entry).length;
  if (entryMax > 0 && ofEntry >= entryMax)
    report("CREDIT-3", `${ofEntry} in flight of an entry whose in_flight_max is ${entryMax}`);
}

export function checkStateReply(talk: Conversation, reply: Fields, report: Report): void {
  const id = number(reply["invocation_id"]);
  const invocation = talk.inFlight.get(id);
  // The result may have gone by while the reply was on its way.
  if (invocation === undefined) {
    if (id > talk.lastId) notAsked(id, report);
    return;
  }
  const asked = invocation.requests.shift();
  if (asked === undefined) {
    notAsked(id, report);
    return;
  }
  const eager = list(talk.entry(invocation.entry)["states"]).flatMap(({ lazy }, at) => {
    return lazy === true ? [] : [at];
  });
  const expected = [...(asked ?? eager)].sort((a, b) => a - b).join(", ");
  const found = list(reply["states"]).map(({ state }) => number(state));
  if (found.sort((a, b) => a - b).join(", ") !== expected)
    report("LAZY-3", `states [${found.join(", ")}] for #${id}, asked for were [${expected}]`);
  for (const state of list(reply["states"])) checkValue(talk, state, report);
}

function notAsked(id: number, report: Report): void {
  report("LAZY-3", `a reply for #${id}, which asked for nothing`);
}
