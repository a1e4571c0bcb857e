import type { Fields } from "../protocol/protocol.js";
import { show } from "../runner/match.js";
import { list, number, size, text } from "./conversation.js";

/** Entries of a batch that a line names. */
const namedMax = 6;

/** A frame on one line, in the words of the protocol, without the values of messages and states. */
export function describeFrame(frame: Fields): string {
  const [kind = ""] = Object.keys(frame);
  const fields = (frame[kind] ?? {}) as Fields;
  switch (kind) {
    case "hello":
      return `Hello  versions [${list(fields["versions"]).join(", ")}], features [${list(fields["features"]).join(", ")}]`;
    case "welcome":
      return `Welcome  ${describeWelcome(fields)}`;
    case "invocations":
      return `InvocationBatch  ${describeBatch(fields)}`;
    case "results":
      return `ResultBatch  ${some(list(fields["results"]), describeResult)}`;
    case "state_request":
      return `StateRequest  #${number(fields["invocation_id"])} ${fields["lease_missing"] === true ? "lease missing" : `states [${list(fields["states"]).join(", ")}]`}`;
    case "state_reply":
      return `StateReply  #${number(fields["invocation_id"])} ${describeStates(fields["states"])}`;
    case "credit":
      return `ResultCredit  +${number(fields["bytes"])}`;
    case "window":
      return `InvocationWindow  ${describeWindow(fields)}`;
    case "drain":
      return `Drain  ${show(text(fields["reason"]))}`;
    case "error":
      return `ProtocolError  [${text(fields["clause"])}] ${text(fields["message"])}`;
    default:
      return "a frame of no known kind";
  }
}

function describeWelcome(welcome: Fields): string {
  const names = list(welcome["functions"]).map((spec) => text(spec["type_name"]));
  const features = list(welcome["features"]).join(", ");
  const window = describeWindow((welcome["window"] ?? {}) as Fields);
  return `version ${number(welcome["version"])}, table [${names.join(", ")}], features [${features}], ${window}`;
}

function describeWindow(window: Fields): string {
  return `window ${number(window["invocations"])} invocations, ${number(window["bytes"])} bytes`;
}

function describeBatch(batch: Fields): string {
  const types = list(batch["types"]).map((type) => {
    return `type ${number(type["index"])} = ${text(type["type_name"])}`;
  });
  const credit = number(batch["result_credit_bytes"]);
  const parts = [
    ...types.slice(0, namedMax),
    ...(list(batch["invocations"]).length > 0 ? [some(list(batch["invocations"]), invoked)] : []),
    ...(credit > 0 ? [`credit +${credit}`] : []),
  ];
  return parts.join(", ");
}

function invoked(invocation: Fields): string {
  const lease = number(invocation["lease"]);
  const attempt = number(invocation["attempt"]);
  const parts = [
    `${list(invocation["inputs"]).length} inputs`,
    lease > 0 ? `lease ${lease}` : describeStates(invocation["states"]),
    ...(attempt > 0 ? [`attempt ${attempt}`] : []),
    ...(invocation["no_lease"] === true ? ["no lease"] : []),
  ];
  return `#${number(invocation["invocation_id"])} type ${number(invocation["type"])} ${show(text(invocation["id"]))} (${parts.join(", ")})`;
}

function describeResult(result: Fields): string {
  const counts = [
    [list(result["state_changes"]).length, "states"],
    [list(result["sends"]).length, "sends"],
    [list(result["timer_changes"]).length, "timers"],
    [list(result["egress_records"]).length, "records"],
    [list(result["replies"]).length, "replies"],
  ] as const;
  const parts = counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  const failure = result["failure"] as Fields | undefined;
  if (failure !== undefined)
    parts.push(
      `${text(failure["code"])} at input ${number(failure["completed_inputs"])}: ${text(failure["message"]).slice(0, 200)}`,
    );
  return `#${number(result["invocation_id"])} (${parts.join(", ") || "nothing"})`;
}

function describeStates(states: unknown): string {
  const each = list(states).map(({ state, value }) => {
    return value === undefined
      ? `${number(state)}: none`
      : `${number(state)}: ${size(value)} bytes`;
  });
  return each.length === 0 ? "no states" : `states ${each.slice(0, namedMax).join(", ")}`;
}

function some(entries: readonly Fields[], describe: (entry: Fields) => string): string {
  const named = entries.slice(0, namedMax).map(describe).join("  ");
  const rest = entries.length - namedMax;
  return rest > 0 ? `${named}  and ${rest} more` : named;
}
