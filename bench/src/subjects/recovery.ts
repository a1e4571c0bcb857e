import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Figures } from "../figures.js";
import type { ProducerCommands } from "../load/producer.js";
import { type Child, openChild } from "../process/child.js";
import { sumCounters } from "../runtime/counter-states.js";
import { type Deployment, openDeployment } from "../runtime/deployment.js";
import type { OpenSubject, Subject } from "../subject.js";
import { closeAll } from "./floors.js";

/** kill -9 in the middle of the load; what comes back, and when. */
export const recoverySubject: Subject = {
  name: "recovery",
  question: "How long after kill -9 under load does the node go on, and is every message counted?",
  async open(bench): Promise<OpenSubject> {
    const deployment = await openDeployment(bench, "recovery");
    const producer = await openChild<ProducerCommands>(
      new URL("../load/producer.js", import.meta.url),
    );
    return {
      series: [
        {
          name: "kill -9 under load",
          role: "statewire",
          measure: (durationMs) => killUnderLoad(deployment, producer, durationMs),
        },
      ],
      close: () => closeAll([producer, deployment]),
    };
  },
};

async function killUnderLoad(
  deployment: Deployment,
  producer: Child<ProducerCommands>,
  durationMs: number,
): Promise<Figures> {
  const { grpcPort } = deployment;
  // Longer than the load lasts: the kill ends it.
  const load = producer.call("produce", { grpcPort, durationMs: durationMs * 10 });
  await setTimeout(durationMs);
  await deployment.runtime().kill();
  const killedMs = performance.now();
  await load;
  const dataBytes = await directoryBytes(deployment.dataDirectory);
  const { readyMs } = await deployment.start();
  const beganMs = performance.now();
  const rest = await producer.call("produce", { grpcPort, durationMs: 1000 });
  if (rest.lost) throw new Error("the runtime was lost again after its restart");
  await settle(deployment, rest.produced);
  const counted = await sumCounters(grpcPort, "counter");
  return {
    readyMs,
    firstAcknowledgedMs: beganMs - killedMs + rest.firstAcknowledgedMs,
    dataBytes,
    produced: rest.produced,
    // Messages that were lost (above 0) or took effect twice (below 0).
    miscounted: rest.produced - counted,
  };
}

/** Acknowledged is durable, not yet handled: waits until the counters stand still. */
async function settle(deployment: Deployment, produced: number): Promise<void> {
  const pollMs = 200;
  const pollsMax = 100;
  for (let polls = 0; polls < pollsMax; polls += 1) {
    if ((await sumCounters(deployment.grpcPort, "counter")) >= produced) return;
    await setTimeout(pollMs);
  }
}

async function directoryBytes(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => (await stat(join(entry.parentPath, entry.name))).blocks * 512),
  );
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}
