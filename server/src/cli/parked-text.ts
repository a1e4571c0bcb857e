import type { ParkedAddress } from "@statewire/protos/statewire/v1/admin.js";
import { formatTypedValue, formatValueMembers } from "../codec/typed-value-text.js";
import type { TypedValue } from "../core/typed-value.js";
import { toCell } from "./list-options.js";
import type { WireAddress } from "./node-client.js";
import { formatTable } from "./table.js";

const heads = ["ADDRESS", "CODE", "ATTEMPTS", "SINCE", "BEHIND", "TYPE", "VALUE", "ERROR"];

/** Parked addresses as a table, a line each. */
export function formatParkedTable(parked: readonly ParkedAddress[]): string {
  return formatTable(heads, parked.map(toRow));
}

/** One parked address, with all that is known of it, as lines of a name and a value. */
export function formatParked(parked: ParkedAddress): string {
  const { code, error, attempts, firstFailedAtMs, lastFailedAtMs, waiting, message } = parked;
  const caller = message?.caller === undefined ? "an ingress" : formatWireAddress(message.caller);
  const traceparent = message?.traceparent ?? "";
  const lines = [
    ["address", formatWireAddress(parked.address)],
    ["code", code],
    ["error", toBlock(error)],
    ["attempts", String(attempts)],
    ["first failed", formatTime(firstFailedAtMs)],
    ["parked since", formatTime(lastFailedAtMs)],
    ["behind it", `${waiting} ${waiting === 1 ? "message" : "messages"}`],
    ["message", String(message?.sequence ?? 0)],
    ["from", caller],
    ["type", message?.value?.typename ?? ""],
    ["value", formatValue(typedValueOf(parked))],
    ...(traceparent === "" ? [] : [["traceparent", traceparent]]),
  ];
  const columns = lines.map(([name = "", text = ""]) => `${name.padEnd(nameWidth)}${text}`);
  return columns.map((line) => line.trimEnd()).join("\n");
}

const nameWidth = 14;

/** A text of several lines beside its name. A function's own error must not steer the terminal. */
function toBlock(text: string): string {
  const printable = text.replace(/[^\P{Cc}\n\t]/gu, "?");
  return printable.replaceAll("\n", `\n${" ".repeat(nameWidth)}`);
}

/** One parked address as a line of JSON. As text, since a long may have more digits than a number. */
export function formatParkedJson(parked: ParkedAddress): string {
  const { code, error, attempts, firstFailedAtMs, lastFailedAtMs, waiting, message } = parked;
  const caller = message?.caller === undefined ? null : formatWireAddress(message.caller);
  const traceparent = message?.traceparent ?? "";
  const members = [
    `"sequence":${message?.sequence ?? 0}`,
    `"caller":${JSON.stringify(caller)}`,
    `"typename":${JSON.stringify(message?.value?.typename ?? "")}`,
    formatValueMembers(typedValueOf(parked)),
    ...(traceparent === "" ? [] : [`"traceparent":${JSON.stringify(traceparent)}`]),
  ];
  const rest = { code, error, attempts, firstFailedAtMs, lastFailedAtMs, waiting };
  const address = JSON.stringify({ address: formatWireAddress(parked.address), ...rest });
  return `${address.slice(0, -1)},"message":{${members.join(",")}}}`;
}

/** NAMESPACE/TYPE/ID. */
export function formatWireAddress(address: WireAddress | undefined): string {
  return address === undefined ? "" : `${address.namespace}/${address.type}/${address.id}`;
}

function toRow(parked: ParkedAddress): string[] {
  const value = formatTypedValue(typedValueOf(parked));
  return [
    formatWireAddress(parked.address),
    parked.code,
    String(parked.attempts),
    formatTime(parked.lastFailedAtMs),
    String(parked.waiting),
    parked.message?.value?.typename ?? "",
    value.kind === "absent" ? "" : toCell(value.text, 40),
    toCell(parked.error),
  ];
}

function formatValue(typed: TypedValue): string {
  const value = formatTypedValue(typed);
  if (value.kind === "absent") return "none";
  return value.kind === "base64" ? `${value.text} (base64)` : value.text;
}

function typedValueOf({ message }: ParkedAddress): TypedValue {
  return { typename: message?.value?.typename ?? "", value: message?.value?.value ?? null };
}

/** To the second: who looks at it compares it with a log. */
function formatTime(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d+Z$/, "Z");
}
