import type { Fields } from "../protocol/protocol.js";
import { type Conversation, isTypeName, list, number, size, text } from "./conversation.js";
import type { Report } from "./report.js";

/** The sends, timer changes and egress records of a result. */
export function checkEffects(talk: Conversation, result: Fields, report: Report): void {
  const sends = list(result["sends"]);
  const changes = list(result["timer_changes"]);
  const records = list(result["egress_records"]);
  const count = sends.length + changes.length + records.length;
  const max = talk.limit("effects_max");
  if (count > max) report("LIMIT-4", `${count} effects exceed ${max}`);
  for (const send of sends) checkSend(talk, send, report);
  for (const change of changes) checkChange(talk, change, report);
  checkTokens(changes, report);
  for (const record of records) {
    const egress = text(record["egress"]);
    if (!isTypeName(egress, false)) report("EGRESS-1", `egress "${egress}"`);
    checkContent(talk, record, report);
  }
}

function checkSend(talk: Conversation, send: Fields, report: Report): void {
  const type = number(send["type"]);
  const name = text(send["type_name"]);
  if ((type === 0) === (name === "")) report("SEND-1", `type ${type} and type_name "${name}"`);
  const known = talk.types[type];
  if (type !== 0 && (known === undefined || known.endsWith("/*")))
    report("SEND-2", `type ${type} is no function type of the stream`);
  if (name !== "" && !isTypeName(name, false)) report("SEND-3", `type_name "${name}"`);
  const bytes = Buffer.byteLength(text(send["id"]));
  const max = talk.limit("id_bytes_max");
  if (bytes > max) report("LIMIT-3", `an id of ${bytes} bytes exceeds ${max}`);
  checkContent(talk, send, report);
}

function checkChange(talk: Conversation, change: Fields, report: Report): void {
  const schedule = change["schedule"] as Fields | undefined;
  const cancel = change["cancel"];
  if (schedule === undefined && cancel === undefined) {
    report("TIMER-1", "a timer change that is neither schedule nor cancel");
    return;
  }
  if (schedule === undefined) {
    if (text(cancel) === "") report("TIMER-6", "an empty token is cancelled");
    return;
  }
  const bytes = Buffer.byteLength(text(schedule["cancellation_token"]));
  if (bytes > 255) report("TIMER-7", `a token of ${bytes} bytes`);
  checkSend(talk, (schedule["send"] ?? {}) as Fields, report);
}

/** Within one result; what is pending from before is not on the stream. [TIMER-4] */
function checkTokens(changes: readonly Fields[], report: Report): void {
  const pending = new Set<string>();
  for (const { schedule, cancel } of changes) {
    pending.delete(text(cancel));
    const token = text((schedule as Fields | undefined)?.["cancellation_token"]);
    if (token === "") continue;
    if (pending.has(token)) report("TIMER-4", "a token is scheduled twice in one result");
    pending.add(token);
  }
}

function checkContent(talk: Conversation, content: Fields, report: Report): void {
  const typename = text(content["typename"]);
  if (typename === "") report("SEND-5", "a typename is empty");
  const bytes = Buffer.byteLength(typename);
  if (bytes > 1024) report("LIMIT-12", `a typename of ${bytes} bytes`);
  const max = talk.limit("value_bytes_max");
  if (size(content["value"]) > max)
    report("LIMIT-2", `a value of ${size(content["value"])} bytes exceeds ${max}`);
}
