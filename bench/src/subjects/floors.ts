import type { DiskCommands } from "../floors/disk.js";
import type { EchoClientCommands } from "../floors/echo-client.js";
import type { EchoServerCommands } from "../floors/echo-server.js";
import type { FrameShape } from "../floors/frames.js";
import type { HttpEchoCommands } from "../floors/http-echo-server.js";
import type { SessionClientCommands } from "../floors/session-client.js";
import type { CounterServerCommands } from "../functions/counter-server.js";
import type { HttpLoadCommands } from "../load/http-load.js";
import { type Child, openChild } from "../process/child.js";
import { findFreePort } from "../process/free-port.js";
import { CpuMeter } from "../process/process-usage.js";
import type { Bench, OpenSubject, Series, Subject } from "../subject.js";
import { httpCallSeries } from "./http-call.js";

/** The floors are series that any subject may set its own beside. */
export interface FloorSeries {
  readonly series: Series;
  close(): Promise<void>;
}

/** Invocations in flight of every closed loop. */
export const inFlight = 2048;

/** Invocations in one frame: reference of the framed echoes. */
const perFrame = 64;

/** A bare gRPC echo between two processes of its own. */
export async function openEcho(options: {
  readonly name: string;
  readonly shape: FrameShape;
  readonly keys: number;
  readonly command: "framedEcho" | "opaqueEcho" | "roundTrips" | "unaryCalls";
}): Promise<FloorSeries> {
  const server = await openChild<EchoServerCommands>(
    new URL("../floors/echo-server.js", import.meta.url),
  );
  const client = await openChild<EchoClientCommands>(
    new URL("../floors/echo-client.js", import.meta.url),
  );
  const { shape, keys } = options;
  const bytes = await client.call("frameBytes", { shape, perFrame });
  const opaqueResponseBytes = Math.round(bytes.resultBytes * perFrame);
  const port = await server.call("listen", { shape, opaqueResponseBytes });
  const series: Series = {
    name: options.name,
    role: "floor",
    measure: async (durationMs) => {
      const cpu = new CpuMeter({ client: client.pid, server: server.pid });
      const load = { port, shape, keys, perFrame, inFlight, durationMs };
      const figures = await client.call(options.command, load);
      return { ...figures, ...cpu.figures(((figures["perSecond"] ?? 0) * durationMs) / 1000) };
    },
  };
  return { series, close: () => closeAll([client, server]) };
}

/** The workload's function server, driven by a runtime that decides and keeps nothing. */
export async function openSdk(options: {
  readonly name: string;
  readonly keys: number;
  readonly leases: boolean;
}): Promise<FloorSeries> {
  const { name, keys, leases } = options;
  const functions = await openChild<CounterServerCommands>(
    new URL("../functions/counter-server.js", import.meta.url),
  );
  const port = await findFreePort();
  await functions.call("listen", port);
  const client = await openChild<SessionClientCommands>(
    new URL("../floors/session-client.js", import.meta.url),
  );
  const series: Series = {
    name,
    role: "floor",
    floor: "framed echo",
    measure: async (durationMs) => {
      const cpu = new CpuMeter({ client: client.pid, server: functions.pid });
      const figures = await client.call("run", { port, keys, leases, durationMs });
      return { ...figures, ...cpu.figures(((figures["perSecond"] ?? 0) * durationMs) / 1000) };
    },
  };
  return { series, close: () => closeAll([client, functions]) };
}

/** One process that does nothing but write to the disk. */
export async function openDisk(bench: Bench, name: string, work: DiskWork): Promise<FloorSeries> {
  const child = await openChild<DiskCommands>(new URL("../floors/disk.js", import.meta.url));
  const directory = bench.scratchDirectory;
  const measure: Series["measure"] = (durationMs) => {
    const options = { directory, durationMs };
    if (work.kind === "fdatasync") return child.call("synchronize", options);
    if (work.kind === "journal") return child.call("appendJournal", { ...options, ...work });
    return child.call("putBatches", { ...options, ...work });
  };
  return { series: { name, role: "floor", measure }, close: () => child.close() };
}

type DiskWork =
  | { readonly kind: "fdatasync" }
  | { readonly kind: "journal"; readonly changesPerRecord: number }
  | { readonly kind: "lmdb"; readonly keys: number; readonly putsPerCommit: number };

/** A bare node:http echo under the load that an ingress gets. */
export async function openHttpEcho(
  connections: readonly number[],
  name: (connections: number) => string,
): Promise<{ readonly series: readonly Series[]; close(): Promise<void> }> {
  const server = await openChild<HttpEchoCommands>(
    new URL("../floors/http-echo-server.js", import.meta.url),
  );
  const load = await openHttpLoad();
  const port = await server.call("listen");
  const series = connections.map((count) =>
    httpCallSeries(load, { name: name(count), role: "floor", port, connections: count }),
  );
  return { series, close: () => closeAll([load, server]) };
}

/** The process that loads HTTP servers. */
export function openHttpLoad(): Promise<Child<HttpLoadCommands>> {
  return openChild<HttpLoadCommands>(new URL("../load/http-load.js", import.meta.url));
}

/** Closes in the order given. */
export async function closeAll(closables: readonly { close(): Promise<void> }[]): Promise<void> {
  for (const closable of closables) await closable.close();
}

/** The machine without the runtime. */
export const floorsSubject: Subject = {
  name: "floors",
  question: "What can this machine do without a runtime?",
  floorsOnly: true,
  async open(bench): Promise<OpenSubject> {
    const million = bench.quick ? 50_000 : 1_000_000;
    const counter = { shape: "counter", keys: 10_000 } as const;
    const floors: readonly FloorSeries[] = [
      await openDisk(bench, "fdatasync", { kind: "fdatasync" }),
      await openDisk(bench, "journal 1,000", { kind: "journal", changesPerRecord: 1000 }),
      await openDisk(bench, "journal 10,000", { kind: "journal", changesPerRecord: 10_000 }),
      await openDisk(bench, "LMDB 10,000 keys", {
        kind: "lmdb",
        keys: 10_000,
        putsPerCommit: 1000,
      }),
      await openDisk(bench, "LMDB 1 million keys", {
        kind: "lmdb",
        keys: million,
        putsPerCommit: 1000,
      }),
      await openEcho({ ...counter, name: "framed echo", command: "framedEcho" }),
      await openEcho({
        ...counter,
        name: "framed echo of hops",
        shape: "hop",
        command: "framedEcho",
      }),
      await openSdk({ name: "SDK alone", keys: 10_000, leases: false }),
      await openSdk({ name: "SDK alone, leases", keys: 10_000, leases: true }),
      await openEcho({ ...counter, name: "opaque echo", command: "opaqueEcho" }),
      await openEcho({ ...counter, name: "stream round trip", command: "roundTrips" }),
      await openEcho({ ...counter, name: "unary gRPC", command: "unaryCalls" }),
    ];
    const http = await openHttpEcho([1, 64, 256], (count) => `node:http echo ${count}`);
    return {
      series: [...floors.map((floor) => floor.series), ...http.series],
      close: () => closeAll([...floors, http]),
    };
  },
};
