import { setTimeout } from "node:timers/promises";
import type { Figures } from "../figures.js";
import type { HttpEchoCommands } from "../floors/http-echo-server.js";
import { openChild } from "../process/child.js";
import { readProcessUsage } from "../process/process-usage.js";
import { inspectNode } from "../runtime/counter-states.js";
import { type Deployment, openDeployment } from "../runtime/deployment.js";
import type { Bench, OpenSubject, Series, Subject } from "../subject.js";

/** What a full, idle node costs, and how fast it comes back. */
export const idleSubject: Subject = {
  name: "idle",
  question: "What does a node with 1 million instances cost while it is idle, and to restart?",
  async open(bench): Promise<OpenSubject> {
    const keys = bench.quick ? 50_000 : 1_000_000;
    const deployment = await openDeployment(bench, "idle");
    const once = (name: string, measure: () => Promise<Figures>): Series => ({
      name,
      role: "statewire",
      once: true,
      measure,
    });
    return {
      // In this order: each step begins with what the one before it left.
      series: [
        { name: "bare node start", role: "floor", once: true, measure: startBareNode },
        once("empty start", async () => ({ readyMs: deployment.runtime().readyMs })),
        once("load", () => loadInstances(deployment, keys)),
        once("after load", () => observeIdle(deployment, bench)),
        once("clean restart", () => restart(deployment, "clean")),
        once("after restart", () => observeIdle(deployment, bench)),
        once("restart after kill -9", () => restart(deployment, "kill")),
      ],
      close: () => deployment.close(),
    };
  },
};

/** A node process until it listens: what no runtime on node can start faster than. */
async function startBareNode(): Promise<Figures> {
  const startMs = performance.now();
  const child = await openChild<HttpEchoCommands>(
    new URL("../floors/http-echo-server.js", import.meta.url),
  );
  await child.call("listen");
  const readyMs = performance.now() - startMs;
  await child.close();
  return { readyMs };
}

async function loadInstances(deployment: Deployment, keys: number): Promise<Figures> {
  const { functions, load, grpcPort } = deployment;
  const before = await functions.call("handled");
  const startMs = performance.now();
  await load.call("sendEach", { type: "counter", grpcPort, keys });
  await functions.call("whenHandled", before + keys);
  return { perSecond: (keys * 1000) / (performance.now() - startMs), instances: keys };
}

const pollMs = 500;
/** What a node still does after its load is done by then. */
const settleMsMax = 60_000;
/** Of one core. A node that takes less over a whole watch has nothing left to do. */
const settledPercent = 0.5;

/** Waits until the node has finished what the load left behind, then watches what it is idle. */
async function observeIdle(deployment: Deployment, bench: Bench): Promise<Figures> {
  const watchMs = bench.quick ? 2000 : 10_000;
  const startMs = performance.now();
  const { cpuMs: cpuMsBefore } = readProcessUsage(deployment.runtime().pid);
  await untilFolded(deployment, startMs + settleMsMax);
  let settling = await watch(deployment, watchMs);
  while (settling.cpuPercent > settledPercent && performance.now() - startMs < settleMsMax) {
    settling = await watch(deployment, watchMs);
  }
  const settledMs = performance.now() - startMs - watchMs;
  const settlingCpuMs = readProcessUsage(deployment.runtime().pid).cpuMs - cpuMsBefore;
  return { ...(await watch(deployment, watchMs)), settledMs, settlingCpuMs };
}

/** The tables hold everything that is durable. */
async function untilFolded(deployment: Deployment, endMs: number): Promise<void> {
  while (performance.now() < endMs) {
    const { epochDurable, epochFolded } = await inspectNode(deployment.grpcPort);
    if (epochDurable === epochFolded) return;
    await setTimeout(pollMs);
  }
}

async function watch(deployment: Deployment, watchMs: number) {
  const before = readProcessUsage(deployment.runtime().pid);
  await setTimeout(watchMs);
  const { residentBytes, anonymousBytes, cpuMs } = readProcessUsage(deployment.runtime().pid);
  const cpuPercent = ((cpuMs - before.cpuMs) / watchMs) * 100;
  return { residentBytes, anonymousBytes, cpuPercent };
}

async function restart(deployment: Deployment, manner: "clean" | "kill"): Promise<Figures> {
  if (manner === "clean") {
    const stopMs = await deployment.runtime().stop();
    const { readyMs } = await deployment.start();
    return { stopMs, readyMs };
  }
  await deployment.runtime().kill();
  const { readyMs } = await deployment.start();
  return { readyMs };
}
