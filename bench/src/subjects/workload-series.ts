import { setTimeout } from "node:timers/promises";
import type { Figures } from "../figures.js";
import type { Distribution } from "../key-sequence.js";
import { CpuMeter } from "../process/process-usage.js";
import type { Deployment } from "../runtime/deployment.js";
import type { Series } from "../subject.js";
import { inFlight } from "./floors.js";

/** Hops of one token: more than any measurement sees. */
const hopsMax = 1_000_000;

/** Messages that one message to bench/fan causes. */
const fanWidth = 1000;

/** Messages to bench/fan whose sends are not all handled yet. */
const fansInFlight = 8;

interface KeyChoice {
  readonly name: string;
  readonly keys: number;
  readonly distribution: Distribution;
}

/**
 * Durable counter messages that enter by gRPC. The rate counts handled messages, from the first one
 * sent until the last one handled.
 */
export function ingressSeries(
  deployment: Deployment,
  choice: KeyChoice & { readonly floor?: string },
): Series {
  const { functions, load, grpcPort } = deployment;
  const { keys, distribution } = choice;
  return {
    name: choice.name,
    role: "statewire",
    floor: choice.floor ?? "framed echo",
    async measure(durationMs) {
      await load.call("prepare", { type: "counter", keys, distribution });
      const before = await functions.call("handled");
      const cpu = startCpuMeter(deployment);
      const startMs = performance.now();
      const { sent, ...figures } = await load.call("run", { grpcPort, durationMs, inFlight });
      await functions.call("whenHandled", before + sent);
      const perSecond = (sent * 1000) / (performance.now() - startMs);
      return {
        perSecond,
        ...cpu.figures(sent),
        acknowledgedP50Ms: figures["p50Ms"] ?? 0,
        acknowledgedP99Ms: figures["p99Ms"] ?? 0,
      };
    },
  };
}

/** Tokens that hop from counter to counter: the runtime without an ingress. */
export function hopsSeries(deployment: Deployment, choice: KeyChoice & { floor?: string }): Series {
  const { functions, load, grpcPort } = deployment;
  const { keys, distribution } = choice;
  return {
    name: choice.name,
    role: "statewire",
    floor: choice.floor ?? "framed echo of hops",
    async measure(durationMs) {
      await functions.call("choose", { keys, distribution });
      await functions.call("setHopping", true);
      await load.call("sendMany", { type: "hop", grpcPort, count: inFlight, value: hopsMax });
      const figures = await handledDuring(deployment, durationMs);
      await functions.call("setHopping", false);
      await functions.call("whenTokensEnded", inFlight);
      return figures;
    },
  };
}

/** One message that causes a thousand, again and again. The rate counts the thousands. */
export function fanOutSeries(deployment: Deployment): Series {
  const { functions, load, grpcPort } = deployment;
  return {
    name: "fan-out of 1,000",
    role: "statewire",
    floor: "framed echo",
    async measure(durationMs) {
      await functions.call("choose", { keys: 10_000, distribution: "uniform" });
      const before = await functions.call("handled");
      const cpu = startCpuMeter(deployment);
      const startMs = performance.now();
      let fans = 0;
      while (performance.now() - startMs < durationMs) {
        await load.call("sendMany", { type: "fan", grpcPort, count: 1, value: fanWidth });
        fans += 1;
        const target = Math.max(0, fans - fansInFlight) * fanWidth;
        await functions.call("whenHandled", before + target);
      }
      await functions.call("whenHandled", before + fans * fanWidth);
      const perSecond = (fans * fanWidth * 1000) / (performance.now() - startMs);
      return { perSecond, ...cpu.figures(fans * fanWidth) };
    },
  };
}

async function handledDuring(deployment: Deployment, durationMs: number): Promise<Figures> {
  const { functions } = deployment;
  const before = await functions.call("handled");
  const cpu = startCpuMeter(deployment);
  const startMs = performance.now();
  await setTimeout(durationMs);
  const handled = (await functions.call("handled")) - before;
  const perSecond = (handled * 1000) / (performance.now() - startMs);
  return { perSecond, ...cpu.figures(handled) };
}

function startCpuMeter(deployment: Deployment): CpuMeter {
  return new CpuMeter({ runtime: deployment.runtime().pid, functions: deployment.functions.pid });
}
