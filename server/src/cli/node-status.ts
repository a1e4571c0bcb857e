import * as z from "zod";
import { formatTable } from "./table.js";

/** What the verb inspect shows of a node's answer. Fields that a newer node adds stay out. */
export const nodeStatusSchema = z.object({
  version: z.string(),
  nodeId: z.string(),
  dataDirectory: z.string(),
  uptimeMs: z.number(),
  epochDurable: z.number(),
  epochFolded: z.number(),
  timers: z.number(),
  checkpoint: z
    .object({
      number: z.number(),
      epoch: z.number(),
      ageMs: z.number(),
      reason: z.string(),
    })
    .nullish(),
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
      state: z.string(),
      reason: z.string(),
    }),
  ),
});

export type NodeStatus = z.infer<typeof nodeStatusSchema>;

/** Tables for people; a table without rows is left out. */
export function formatNodeStatus(status: NodeStatus): string {
  const head = [
    ["node", status.nodeId],
    ["version", status.version],
    ["data", status.dataDirectory],
    ["up", formatUptime(status.uptimeMs)],
    ["epochs", `${status.epochDurable} durable, ${status.epochFolded} folded`],
    ["timers", String(status.timers)],
    ["saved", formatCheckpoint(status.checkpoint)],
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
      ["EGRESS", "KIND", "STATE", "RECORDS", "ACKNOWLEDGED", "BEHIND", "REASON"],
      status.egresses.map((it) => [
        it.name,
        it.kind,
        it.state,
        it.sequenceLast,
        it.sequenceAcknowledged,
        it.sequenceLast - it.sequenceAcknowledged,
        it.reason,
      ]),
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

function formatCheckpoint(checkpoint: NodeStatus["checkpoint"]): string {
  if (checkpoint === null || checkpoint === undefined || checkpoint.number === 0) return "nothing";
  const { number, epoch, ageMs, reason } = checkpoint;
  const late = reason === "" ? "" : `; late: ${reason}`;
  return `checkpoint ${number} up to epoch ${epoch}, ${formatUptime(ageMs)} ago${late}`;
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
