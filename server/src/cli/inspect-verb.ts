import { createRequire } from "node:module";
import { setTimeout } from "node:timers/promises";
import type { MethodDefinition } from "@grpc/proto-loader";
import { protoDirectory } from "@statewire/protos/directory";
import { type Command, InvalidArgumentError, Option } from "commander";
import { durationSyntax, parseDuration } from "../module/duration.js";
import { CommandError } from "./command-error.js";
import { withNode } from "./node-client.js";
import { formatNodeStatus, nodeStatusSchema } from "./node-status.js";
import { addNodeOptions, readSettings } from "./settings-options.js";
import { print, type Terminal } from "./terminal.js";

const require = createRequire(import.meta.url);

/** Adds `inspect`. */
export function addInspectVerb(program: Command, terminal: Terminal): void {
  const inspect = program
    .command("inspect")
    .summary("show what a node is doing")
    .description("Shows what a node is doing: functions, endpoints, ingresses, egresses, epochs.")
    .addOption(
      new Option("--watch [DURATION]", "Again and again, that far apart.")
        .preset("1 sec")
        .argParser(readInterval),
    )
    .option("--json", "Print JSON.")
    .addHelpText("after", examples);
  addNodeOptions(inspect).action(() => runInspect(inspect.opts<InspectOptions>(), terminal));
}

const examples = `
Examples:
  statewire inspect
  statewire inspect --watch
  statewire inspect --grpc node-2.example.com:7410
  statewire inspect --json | jq '.functions[] | select(.messagesWaiting > 0)'`;

interface InspectOptions {
  readonly watch?: number;
  readonly json?: boolean;
}

async function runInspect(options: InspectOptions, terminal: Terminal): Promise<void> {
  const method = await loadMethod();
  const settings = readSettings({ ...options }, terminal);
  const format = formatFor(options, terminal);
  await withNode(settings, async (ask) => {
    for (let isFirst = true; ; isFirst = false) {
      await print(terminal, format(await ask(method, {}), isFirst));
      if (options.watch === undefined) return;
      await setTimeout(options.watch);
    }
  });
}

function formatFor({ json, watch }: InspectOptions, { stdout }: Terminal) {
  return (answer: unknown, isFirst: boolean): string => {
    if (json === true) return JSON.stringify(answer);
    const text = formatNodeStatus(nodeStatusSchema.parse(answer));
    if (watch !== undefined && stdout.isTTY === true) return overPrevious(text, isFirst);
    return isFirst ? text : `\n${text}`;
  };
}

/** Erases each line's rest and what follows, not the screen first: that would flicker. */
function overPrevious(text: string, isFirst: boolean): string {
  const start = isFirst ? "\u001b[2J\u001b[H" : "\u001b[H";
  return `${start}${text.replaceAll("\n", "\u001b[K\n")}\u001b[K\n\u001b[J`;
}

function readInterval(written: string): number {
  const intervalMs = parseDuration(written);
  if (intervalMs !== undefined && intervalMs > 0) return intervalMs;
  throw new InvalidArgumentError(`Expected ${durationSyntax}.`);
}

/**
 * Reads the protocol's files at run time: what a newer node answers beyond this version's fields
 * stays out, and no generated code is needed to add a field here.
 */
async function loadMethod(): Promise<MethodDefinition<object, unknown>> {
  const { load } = require("@grpc/proto-loader") as typeof import("@grpc/proto-loader");
  const definitions = await load("statewire/v1/admin.proto", {
    includeDirs: [protoDirectory],
    longs: Number,
    defaults: true,
    arrays: true,
  });
  const service = definitions["statewire.v1.Admin"];
  const methods = service === undefined || "format" in service ? {} : service;
  const method = (methods as Record<string, MethodDefinition<object, unknown>>)["Inspect"];
  if (method !== undefined) return method;
  throw new CommandError("failed", `no method statewire.v1.Admin.Inspect in ${protoDirectory}`);
}
