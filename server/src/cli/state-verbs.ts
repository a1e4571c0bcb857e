import {
  type AddressState,
  AdminService,
  type NamedState,
} from "@statewire/protos/statewire/v1/admin.js";
import type { Command } from "commander";
import { formatTypedValue, formatValueMembers } from "../codec/typed-value-text.js";
import { isFunctionTypeName } from "../core/address.js";
import type { TypedValue } from "../core/typed-value.js";
import { CommandError } from "./command-error.js";
import { limitDefault, pageSize, readLimit, remark, toCell } from "./list-options.js";
import { type Ask, readAddress, withNode } from "./node-client.js";
import { addNodeOptions, readSettings } from "./settings-options.js";
import { formatTable } from "./table.js";
import { note, print, type Terminal, write } from "./terminal.js";

interface GetOptions {
  readonly json?: boolean;
}

interface ListOptions extends GetOptions {
  readonly after?: string;
  readonly limit?: number;
}

/** Adds `state get` and `state list`. */
export function addStateVerbs(program: Command, terminal: Terminal): void {
  const state = program.command("state").summary("look at the state of functions");
  state.description("Looks at the state of functions: what the node has committed.");
  const get = state
    .command("get <ADDRESS> [NAME]")
    .summary("print the state of one address")
    .description("Prints every state of NAMESPACE/TYPE/ID, or the value of the state NAME alone.")
    .option("--json", "Print JSON.")
    .addHelpText("after", getExamples);
  addNodeOptions(get).action((address: string, name: string | undefined) =>
    runGet(address, name, get.opts<GetOptions>(), terminal),
  );
  const list = state
    .command("list <TYPE>")
    .summary("list the addresses of a function type and their state")
    .description("Lists addresses of NAMESPACE/TYPE that have state, in order of id.")
    .option("--after <ID>", "Only ids after this one.")
    .option("--limit <N>", "At most so many addresses. (default: 100)", readLimit)
    .option("--json", "Print one JSON object per line.")
    .addHelpText("after", listExamples);
  addNodeOptions(list).action((type: string) => runList(type, list.opts<ListOptions>(), terminal));
}

const getExamples = `
Examples:
  statewire state get example/counter/c1
  statewire state get example/counter/c1 count`;

const listExamples = `
Examples:
  statewire state list example/counter
  statewire state list example/counter --limit 100000 --json > counters.ndjson`;

async function runGet(
  written: string,
  name: string | undefined,
  options: GetOptions,
  terminal: Terminal,
): Promise<void> {
  const address = readAddress(written);
  const settings = readSettings({ ...options }, terminal);
  const { states } = await withNode(settings, (ask) =>
    ask(AdminService.getState, { address, name: name ?? "" }),
  );
  if (name === undefined) {
    if (options.json === true) return print(terminal, formatStates(states));
    if (states.length === 0) return note(terminal, `${written} has no state`);
    return print(terminal, formatTable(["STATE", "TYPE", "VALUE", "EXPIRES"], states.map(toRow)));
  }
  const [state] = states;
  if (state === undefined) {
    throw new CommandError("failed", `${written} has no value of the state "${name}"`);
  }
  if (options.json === true) return print(terminal, formatState(state));
  await printValue(state, terminal);
}

/** A value alone goes to a pipe as its bytes when it is neither text nor JSON. */
async function printValue(state: NamedState, terminal: Terminal): Promise<void> {
  const typed = typedValueOf(state);
  const value = formatTypedValue(typed);
  if (value.kind === "base64" && terminal.stdout.isTTY !== true && typed.value !== null) {
    return write(terminal.stdout, typed.value);
  }
  await print(terminal, value.kind === "absent" ? "" : value.text);
}

async function runList(type: string, options: ListOptions, terminal: Terminal): Promise<void> {
  if (!isFunctionTypeName(type)) {
    throw new CommandError("usage", `"${type}" is not a function type: expected NAMESPACE/TYPE`);
  }
  const settings = readSettings({ ...options }, terminal);
  const { listed, last, more } = await withNode(settings, (ask) =>
    printPages({ ask, type, options, terminal }),
  );
  if (more) {
    const how = `--after ${JSON.stringify(last)}, or a higher --limit`;
    return remark(terminal, `there are more: ${how}`, options);
  }
  if (listed > 0) return;
  // Nothing at all would look as if nothing had happened.
  const after = options.after === undefined ? "" : ` after ${JSON.stringify(options.after)}`;
  await remark(terminal, `no address of ${type}${after} has state`, options);
}

interface Listing {
  readonly ask: Ask;
  readonly type: string;
  readonly options: ListOptions;
  readonly terminal: Terminal;
}

/** Prints page by page, so that a long list needs no memory. */
async function printPages({ ask, type, options, terminal }: Listing) {
  const [namespace = "", name = ""] = type.split("/");
  let last = options.after;
  const limit = options.limit ?? limitDefault;
  let left = limit;
  let more = true;
  while (more && left > 0) {
    const request = { namespace, type: name, afterId: last, limit: Math.min(left, pageSize) };
    const page = await ask(AdminService.listState, request);
    const { addresses } = page;
    const isFirst = last === options.after;
    if (addresses.length > 0) await print(terminal, formatPage(addresses, { options, isFirst }));
    last = addresses.at(-1)?.id ?? last;
    left -= addresses.length;
    // A page without addresses that promises more would go on for ever.
    more = page.more && addresses.length > 0;
  }
  return { listed: limit - left, last, more };
}

function formatPage(
  addresses: readonly AddressState[],
  { options, isFirst }: { readonly options: ListOptions; readonly isFirst: boolean },
): string {
  if (options.json === true) {
    const lines = addresses.map(
      ({ id, states }) => `{"id":${JSON.stringify(id)},"states":${formatStates(states)}}`,
    );
    return lines.join("\n");
  }
  const rows = addresses.flatMap(({ id, states }) => states.map((state) => [id, ...toRow(state)]));
  const table = formatTable(["ID", "STATE", "TYPE", "VALUE", "EXPIRES"], rows);
  return isFirst ? table : table.slice(table.indexOf("\n") + 1);
}

function toRow(state: NamedState): string[] {
  const typed = typedValueOf(state);
  const value = formatTypedValue(typed);
  const text = value.kind === "absent" ? "" : toCell(value.text);
  const expires = state.expiresAtMs === 0 ? "" : new Date(state.expiresAtMs).toISOString();
  return [state.name, typed.typename, text, expires];
}

function formatStates(states: readonly NamedState[]): string {
  return `[${states.map(formatState).join(",")}]`;
}

/** As text, since a long may have more digits than a number of JavaScript holds. */
function formatState(state: NamedState): string {
  const typed = typedValueOf(state);
  const members = [
    `"name":${JSON.stringify(state.name)}`,
    `"typename":${JSON.stringify(typed.typename)}`,
    formatValueMembers(typed),
    ...(state.expiresAtMs === 0 ? [] : [`"expiresAtMs":${state.expiresAtMs}`]),
  ];
  return `{${members.join(",")}}`;
}

function typedValueOf({ value }: NamedState): TypedValue {
  return { typename: value?.typename ?? "", value: value?.value ?? null };
}
