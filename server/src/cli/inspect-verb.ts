import { load, type MethodDefinition } from "@grpc/proto-loader";
import { protoDirectory } from "@statewire/protos/directory";
import type { Command } from "commander";
import { z } from "zod";
import { CommandError } from "./command-error.js";
import { withNode } from "./node-client.js";
import { addSettingOptions, readSettings } from "./settings-options.js";
import { formatTable } from "./table.js";
import { print, type Terminal } from "./terminal.js";

/** Adds `inspect`. */
export function addInspectVerb(program: Command, terminal: Terminal): void {
  const inspect = program
    .command("inspect")
    .summary("show what a node is doing")
    .description("Shows what a node is doing: functions, endpoints, ingresses, egresses, epochs.")
    .option("--json", "Print JSON.")
    .addHelpText("after", examples);
  addSettingOptions(inspect, ["grpc"]).action(() =>
    runInspect(inspect.opts<InspectOptions>(), terminal),
  );
}

const examples = `
Examples:
  statewire inspect
  statewire inspect --grpc node-2.example.com:7410
  statewire inspect --json | jq '.functions[] | select(.messagesWaiting > 0)'`;

interface InspectOptions {
  readonly json?: boolean;
}

async function runInspect(options: InspectOptions, terminal: Terminal): Promise<void> {
  const method = await loadMethod();
  const { grpc } = readSettings({ ...options }, terminal);
  const answer = await withNode(grpc, (ask) => ask(method, {}));
  if (options.json === true) return print(terminal, JSON.stringify(answer));
  await print(terminal, formatStatus(statusSchema.parse(answer)));
}

/**
 * Reads the protocol's files at run time: what a newer node answers beyond this version's fields
 * stays out, and no generated code is needed to add a field here.
 */
async function loadMethod(): Promise<MethodDefinition<object, unknown>> {
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

const statusSchema = z.object({
  version: z.string(),
  nodeId: z.string(),
  dataDirectory: z.string(),
  uptimeMs: z.number(),
  epochDurable: z.number(),
  epochFolded: z.number(),
  timers: z.number(),
  functions: z.array(
    z.object({
      typeName: z.string(),
      addressesActive: z.number(),
      messagesWaiting: z.number(),
      invocationsInFlight: z.number(),
      addressesParked: z.number(),
    }),
  ),
  endpoints: z.array(
    z.object({
      address: z.string(),
      state: z.string(),
      reason: z.string(),
      sdk: z.string(),
      functions: z.array(z.string()),
      invocationsInFlight: z.number(),
    }),
  ),
  ingresses: z.array(
    z.object({
      name: z.string(),
      kind: z.string(),
      position: z.number(),
      state: z.string(),
      reason: z.string(),
    }),
  ),
  egresses: z.array(
    z.object({
      name: z.string(),
      kind: z.string(),
      sequenceLast: z.number(),
      sequenceAcknowledged: z.number(),
    }),
  ),
});

type Status = z.infer<typeof statusSchema>;

function formatStatus(status: Status): string {
  const head = [
    ["node", status.nodeId],
    ["version", status.version],
    ["data", status.dataDirectory],
    ["up", formatUptime(status.uptimeMs)],
    ["epochs", `${status.epochDurable} durable, ${status.epochFolded} folded`],
    ["timers", String(status.timers)],
  ].map(([name = "", value = ""]) => `${name.padEnd(8)} ${value}`);
  const sections = [
    head.join("\n"),
    section(
      ["FUNCTION", "ACTIVE", "WAITING", "IN FLIGHT", "PARKED"],
      status.functions.map((it) => [
        it.typeName,
        it.addressesActive,
        it.messagesWaiting,
        it.invocationsInFlight,
        it.addressesParked,
      ]),
    ),
    section(
      ["ENDPOINT", "STATE", "IN FLIGHT", "FUNCTIONS", "SDK", "REASON"],
      status.endpoints.map((it) => [
        it.address,
        it.state,
        it.invocationsInFlight,
        it.functions.join(" "),
        it.sdk,
        it.reason,
      ]),
    ),
    section(
      ["INGRESS", "KIND", "STATE", "POSITION", "REASON"],
      status.ingresses.map((it) => [it.name, it.kind, it.state, it.position, it.reason]),
    ),
    section(
      ["EGRESS", "KIND", "RECORDS", "ACKNOWLEDGED"],
      status.egresses.map((it) => [it.name, it.kind, it.sequenceLast, it.sequenceAcknowledged]),
    ),
  ];
  return sections.filter((text) => text !== "").join("\n\n");
}

function section(
  heads: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  if (rows.length === 0) return "";
  return formatTable(
    heads,
    rows.map((row) => row.map(String)),
  );
}

function formatUptime(uptimeMs: number): string {
  const seconds = Math.floor(uptimeMs / 1000);
  const parts = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "m"],
    [seconds % 60, "s"],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  const shown = first < 0 ? parts.slice(3) : parts.slice(first, first + 2);
  return shown.map(([count, unit]) => `${count}${unit}`).join(" ");
}
