import { AdminService } from "@statewire/protos/statewire/v1/admin.js";
import { type Command, InvalidArgumentError } from "commander";
import { isFunctionTypeName } from "../core/address.js";
import { CommandError } from "./command-error.js";
import { limitDefault, pageSize, readLimit, remark } from "./list-options.js";
import { type Ask, readAddress, type WireAddress, withNode } from "./node-client.js";
import {
  formatParked,
  formatParkedJson,
  formatParkedTable,
  formatWireAddress,
} from "./parked-text.js";
import { addNodeOptions, readSettings } from "./settings-options.js";
import { print, type Terminal } from "./terminal.js";

interface Options {
  readonly json?: boolean;
}

interface ListOptions extends Options {
  readonly after?: string;
  readonly limit?: number;
}

interface RetryOptions extends Options {
  readonly type?: string;
  readonly all?: boolean;
}

interface DropOptions extends Options {
  readonly message?: number;
}

/** Adds `parked list`, `parked show`, `parked retry` and `parked drop`. */
export function addParkedVerbs(program: Command, terminal: Terminal): void {
  const parked = program
    .command("parked")
    .summary("look at what cannot succeed, and decide about it")
    .description(
      "Addresses whose first message cannot succeed are parked: the message is kept, later ones " +
        "wait behind it, and everybody else goes on.",
    );
  const list = parked
    .command("list [TYPE]")
    .summary("list parked addresses")
    .description("Lists parked addresses of NAMESPACE/TYPE, or of every function type.")
    .option("--after <ADDRESS>", "Only addresses after this one, the last of the page before.")
    .option("--limit <N>", `At most so many addresses. (default: ${limitDefault})`, readLimit)
    .option("--json", "Print one JSON object per line.")
    .addHelpText("after", listExamples);
  addNodeOptions(list).action((type: string | undefined) =>
    runList(type ?? null, list.opts<ListOptions>(), terminal),
  );
  const show = parked
    .command("show <ADDRESS>")
    .summary("show one parked address: the message, and why it failed")
    .description("Shows the parked address NAMESPACE/TYPE/ID, with its message and its error.")
    .option("--json", "Print JSON.")
    .addHelpText("after", showExamples);
  addNodeOptions(show).action((address: string) =>
    runShow(address, show.opts<Options>(), terminal),
  );
  addDecisions(parked, terminal);
}

function addDecisions(parked: Command, terminal: Terminal): void {
  const retry = parked
    .command("retry [ADDRESS]")
    .summary("let parked addresses try again")
    .description(
      "Lets the parked address NAMESPACE/TYPE/ID try again, with all its attempts: the message that " +
        "failed first, then those behind it, in their order. Waits until that is durable.",
    )
    .option("--type <TYPE>", "Every parked address of NAMESPACE/TYPE.")
    .option("--all", "Every parked address.")
    .option("--json", "Print JSON.")
    .addHelpText("after", retryExamples);
  addNodeOptions(retry).action((address: string | undefined) =>
    runRetry(address, retry.opts<RetryOptions>(), terminal),
  );
  const drop = parked
    .command("drop <ADDRESS>")
    .summary("drop the message that an address is parked for")
    .description(
      "Drops the message that NAMESPACE/TYPE/ID is parked for, and prints it; those behind it go on. " +
        "Waits until that is durable.",
    )
    .option("--message <N>", "Only if it is this message, as show prints it.", readSequence)
    .option("--json", "Print JSON: all that it takes to send the message again.")
    .addHelpText("after", dropExamples);
  addNodeOptions(drop).action((address: string) =>
    runDrop(address, drop.opts<DropOptions>(), terminal),
  );
}

const listExamples = `
Examples:
  statewire parked list
  statewire parked list example/counter --limit 1000
  statewire parked list --json | jq -r 'select(.code == "badInput") | .address'`;

const showExamples = `
Examples:
  statewire parked show example/counter/c1
  statewire parked show example/counter/c1 --json | jq .message.value`;

const retryExamples = `
Examples:
  statewire parked retry example/counter/c1
  statewire parked retry --type example/counter
  statewire parked retry --all`;

const dropExamples = `
Examples:
  statewire parked drop example/counter/c1
  statewire parked drop example/counter/c1 --message 17 --json >> dropped.ndjson`;

async function runList(
  type: string | null,
  options: ListOptions,
  terminal: Terminal,
): Promise<void> {
  if (type !== null) checkType(type);
  const after = options.after === undefined ? undefined : readAddress(options.after);
  const settings = readSettings({ ...options }, terminal);
  const { listed, last, more } = await withNode(settings, (ask) =>
    printPages({ ask, type, after, options, terminal }),
  );
  if (more) {
    const how = `--after ${JSON.stringify(formatWireAddress(last))}, or a higher --limit`;
    return remark(terminal, `there are more: ${how}`, options);
  }
  if (listed > 0) return;
  // Nothing at all would look as if nothing had happened.
  const where = type === null ? "" : ` of ${type}`;
  const from = options.after === undefined ? "" : ` after ${JSON.stringify(options.after)}`;
  await remark(terminal, `no address${where}${from} is parked`, options);
}

interface Listing {
  readonly ask: Ask;
  readonly type: string | null;
  readonly after: WireAddress | undefined;
  readonly options: ListOptions;
  readonly terminal: Terminal;
}

/** Prints page by page, so that a long list needs no memory. */
async function printPages({ ask, type: written, after, options, terminal }: Listing) {
  const [namespace = "", type = ""] = (written ?? "/").split("/");
  const limit = options.limit ?? limitDefault;
  let last = after;
  let left = limit;
  let more = true;
  while (more && left > 0) {
    const request = { namespace, type, after: last, limit: Math.min(left, pageSize) };
    const { addresses, more: goesOn } = await ask(AdminService.listParked, request);
    if (addresses.length === 0) return { listed: limit - left, last, more: false };
    if (options.json === true) await print(terminal, addresses.map(formatParkedJson).join("\n"));
    else {
      const table = formatParkedTable(addresses);
      await print(terminal, left === limit ? table : table.slice(table.indexOf("\n") + 1));
    }
    last = addresses.at(-1)?.address ?? last;
    left -= addresses.length;
    more = goesOn;
  }
  return { listed: limit - left, last, more };
}

async function runShow(written: string, options: Options, terminal: Terminal): Promise<void> {
  const address = readAddress(written);
  const settings = readSettings({ ...options }, terminal);
  const { parked } = await withNode(settings, (ask) => ask(AdminService.getParked, { address }));
  if (parked === undefined) throw new CommandError("failed", `${written} is not parked`);
  await print(terminal, options.json === true ? formatParkedJson(parked) : formatParked(parked));
}

/** Letting everything try again may take longer than one answer usually does. */
const retryTimeoutMs = 10 * 60_000;

async function runRetry(
  written: string | undefined,
  options: RetryOptions,
  terminal: Terminal,
): Promise<void> {
  const addresses = choose(written, options);
  const settings = readSettings({ ...options }, terminal);
  const onTimeout = `no answer within ${retryTimeoutMs} ms; some may try again already`;
  const { retried } = await withNode(settings, (ask) =>
    ask(AdminService.retryParked, { addresses }, { timeoutMs: retryTimeoutMs, onTimeout }),
  );
  if (options.json === true) return print(terminal, JSON.stringify({ retried }));
  if (written !== undefined) return print(terminal, `${written} tries again`);
  const tryAgain = retried === 1 ? "address tries again" : "addresses try again";
  await print(terminal, `${retried} ${tryAgain}`);
}

function choose(written: string | undefined, { type, all }: RetryOptions) {
  const given = [written, type, all].filter((choice) => choice !== undefined);
  if (given.length !== 1) {
    throw new CommandError("usage", "expected one of ADDRESS, --type TYPE and --all");
  }
  if (written !== undefined) return { $case: "address" as const, value: readAddress(written) };
  if (type === undefined) return { $case: "all" as const, value: true };
  checkType(type);
  return { $case: "typeName" as const, value: type };
}

async function runDrop(written: string, options: DropOptions, terminal: Terminal): Promise<void> {
  const address = readAddress(written);
  const settings = readSettings({ ...options }, terminal);
  const request = { address, sequence: options.message ?? 0 };
  const { dropped } = await withNode(settings, (ask) => ask(AdminService.dropParked, request));
  if (dropped === undefined) throw new CommandError("failed", `${written} is not parked`);
  if (options.json === true) return print(terminal, formatParkedJson(dropped));
  await print(terminal, `dropped\n${formatParked(dropped)}`);
}

function checkType(type: string): void {
  if (isFunctionTypeName(type)) return;
  throw new CommandError("usage", `"${type}" is not a function type: expected NAMESPACE/TYPE`);
}

function readSequence(written: string): number {
  if (/^[1-9]\d{0,14}$/.test(written)) return Number(written);
  throw new InvalidArgumentError("Expected the number of a message.");
}
