import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { EchoClientCommands } from "../floors/echo-client.js";
import type { SessionClientCommands } from "../floors/session-client.js";
import { isInstalled, type Language, languages } from "../functions/languages.js";
import { openChild } from "../process/child.js";
import { findFreePort } from "../process/free-port.js";
import { openListeningProcess } from "../process/listening-process.js";
import { CpuMeter } from "../process/process-usage.js";
import { startRuntime } from "../runtime/runtime-process.js";
import type { Bench, OpenSubject, Series, Subject } from "../subject.js";
import { closeAll, type FloorSeries, inFlight, openEcho, openHttpLoad } from "./floors.js";
import { httpCallSeries } from "./http-call.js";

const keys = 10_000;
const perFrame = 64;
const connections = 256;

/** The counter with the SDK of each language, in the same run. */
export const languagesSubject: Subject = {
  name: "languages",
  question: "How many invocations per second does the SDK of each language take?",
  async open(bench): Promise<OpenSubject> {
    const floor = { shape: "counter", keys, command: "framedEcho", name: "framed echo" } as const;
    const opened: { readonly series: readonly Series[]; close(): Promise<void> }[] = [];
    for (const language of languages) {
      if (!isInstalled(language)) {
        bench.progress(`languages: no ${language.name}: run ${language.made}`);
        continue;
      }
      opened.push(await openLanguage(bench, language));
    }
    const echo = await openEcho(floor);
    return {
      series: [echo.series, ...opened.flatMap(({ series }) => series)],
      close: () => closeAll([...opened, echo]),
    };
  },
};

async function openLanguage(
  bench: Bench,
  language: Language,
): Promise<{ readonly series: readonly Series[]; close(): Promise<void> }> {
  const echo = language.echo === null ? undefined : await openForeignEcho(language.echo, language);
  const alone = await openAlone(language, echo?.series.name ?? "framed echo");
  const calls = await openCalls(bench, language);
  const opened = [...(echo === undefined ? [] : [echo]), alone, calls];
  return { series: opened.map(({ series }) => series), close: () => closeAll(opened) };
}

/** The language's own gRPC and protobuf, as the framed echo. */
async function openForeignEcho(
  command: NonNullable<Language["echo"]>,
  language: Language,
): Promise<FloorSeries> {
  const server = await openListeningProcess(command);
  const client = await openChild<EchoClientCommands>(
    new URL("../floors/echo-client.js", import.meta.url),
  );
  const series: Series = {
    name: `${language.name}: framed echo`,
    role: "floor",
    measure: async (durationMs) => {
      const cpu = new CpuMeter({ server: server.pid });
      const load = { shape: "counter", keys, perFrame, inFlight, durationMs } as const;
      const figures = await client.call("framedEcho", { ...load, port: server.port });
      return { ...figures, ...cpu.figures(((figures["perSecond"] ?? 0) * durationMs) / 1000) };
    },
  };
  return { series, close: () => closeAll([client, server]) };
}

/** The SDK, driven by a runtime that decides and keeps nothing. */
async function openAlone(language: Language, floor: string): Promise<FloorSeries> {
  const functions = await openListeningProcess(language.counter);
  const client = await openChild<SessionClientCommands>(
    new URL("../floors/session-client.js", import.meta.url),
  );
  const series: Series = {
    name: `${language.name}: SDK alone`,
    role: "statewire",
    floor,
    measure: async (durationMs) => {
      const cpu = new CpuMeter({ functions: functions.pid });
      const load = { port: functions.port, keys, leases: true, durationMs };
      const figures = await client.call("run", load);
      return { ...figures, ...cpu.figures(((figures["perSecond"] ?? 0) * durationMs) / 1000) };
    },
  };
  return { series, close: () => closeAll([client, functions]) };
}

/** Durable calls by HTTP through a runtime of its own. */
async function openCalls(bench: Bench, language: Language): Promise<FloorSeries> {
  const functions = await openListeningProcess(language.counter);
  const directory = join(bench.scratchDirectory, `languages-${language.name}`);
  await mkdir(directory, { recursive: true });
  const moduleFile = join(directory, "module.yaml");
  await writeFile(moduleFile, renderModule(functions.port));
  const httpPort = await findFreePort();
  const runtime = await startRuntime({
    moduleFile,
    dataDirectory: join(directory, "data"),
    grpcPort: await findFreePort(),
    httpPort,
    logFile: join(directory, "runtime.log"),
    profileDirectory: null,
  });
  const load = await openHttpLoad();
  const calls = httpCallSeries(load, {
    name: `${language.name}: calls ${connections}`,
    role: "statewire",
    port: httpPort,
    connections,
  });
  const series: Series = {
    ...calls,
    measure: async (durationMs) => {
      const cpu = new CpuMeter({ runtime: runtime.pid, functions: functions.pid });
      const figures = await calls.measure(durationMs);
      return { ...figures, ...cpu.figures(((figures["perSecond"] ?? 0) * durationMs) / 1000) };
    },
  };
  const close = async (): Promise<void> => {
    await load.close();
    await runtime.stop();
    await functions.close();
  };
  return { series, close };
}

function renderModule(port: number): string {
  const spec = `spec: { functions: bench/counter, address: "127.0.0.1:${port}" }`;
  return `kind: statewire.endpoints.v1/grpc\n${spec}\n`;
}
