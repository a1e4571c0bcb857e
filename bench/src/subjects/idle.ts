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

/** Waits until the tables hold everything, then watches. */
async function observeIdle(deployment: Deployment, bench: Bench): Promise<Figures> {
  const foldWaitMs = 500;
  const foldWaitsMax = 120;
  for (let waits = 0; waits < foldWaitsMax; waits += 1) {
    const { epochDurable, epochFolded } = await inspectNode(deployment.grpcPort);
    if (epochDurable === epochFolded) break;
    await setTimeout(foldWaitMs);
  }
  const watchMs = bench.quick ? 2000 : 10_000;
  // Memory that the load left behind gets the same time to be given back.
  await setTimeout(watchMs);
  const before = readProcessUsage(deployment.runtime().pid);
  await setTimeout(watchMs);
  const after = readProcessUsage(deployment.runtime().pid);
  return {
    residentBytes: after.residentBytes,
    anonymousBytes: after.anonymousBytes,
    cpuPercent: ((after.cpuMs - before.cpuMs) / watchMs) * 100,
  };
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
