import { setTimeout } from "node:timers/promises";
import type { HttpLoadCommands } from "../load/http-load.js";
import { openRestate, type Restate } from "../peers/restate.js";
import type { Child } from "../process/child.js";
import { readProcessUsage } from "../process/process-usage.js";
import { openDeployment } from "../runtime/deployment.js";
import type { OpenSubject, Series, Subject } from "../subject.js";
import { closeAll, openHttpLoad } from "./floors.js";
import { httpCallSeries } from "./http-call.js";
import { hopsSeries } from "./workload-series.js";

const connectionCounts = [1, 64, 256] as const;
const keys = 10_000;

/** Tokens in flight among Restate's objects: more do not make it faster, and take longer to end. */
const restateTokens = 256;
const hopsMax = 1_000_000;

/** The same work, done by another product on the same machine in the same minutes. */
export const peersSubject: Subject = {
  name: "peers",
  question: "How does the runtime compare with Restate on this machine?",
  async open(bench): Promise<OpenSubject> {
    const restate = await openRestate(bench);
    const deployment = await openDeployment(bench, "peers");
    const load = await openHttpLoad();
    const series = connectionCounts.flatMap((connections): readonly Series[] => [
      restateCalls(load, restate, connections),
      httpCallSeries(load, {
        name: `calls ${connections}`,
        role: "statewire",
        floor: `Restate calls ${connections}`,
        port: deployment.httpPort,
        connections,
      }),
    ]);
    const hops = { name: "hops", keys, distribution: "uniform", floor: "Restate hops" } as const;
    return {
      series: [...series, restateHops(load, restate), hopsSeries(deployment, hops)],
      close: () => closeAll([load, deployment, restate]),
    };
  },
};

function restateCalls(
  load: Child<HttpLoadCommands>,
  restate: Restate,
  connections: number,
): Series {
  return {
    name: `Restate calls ${connections}`,
    role: "peer",
    async measure(durationMs) {
      const figures = await load.call("run", {
        port: restate.ingressPort,
        connections,
        durationMs,
        path: "/counter/{id}/add",
        headers: { "content-type": "application/json" },
        body: "1",
        keys,
      });
      return { ...figures, residentBytes: readProcessUsage(restate.pid).residentBytes };
    },
  };
}

/** Tokens that hop from object to object, sent in once by HTTP. */
function restateHops(load: Child<HttpLoadCommands>, restate: Restate): Series {
  return {
    name: "Restate hops",
    role: "peer",
    async measure(durationMs) {
      const { service } = restate;
      await service.call("setHopping", true);
      await load.call("run", {
        port: restate.ingressPort,
        connections: restateTokens,
        // Over after the first request of each connection.
        durationMs: 0,
        path: "/hopper/{id}/hop/send",
        headers: { "content-type": "application/json" },
        body: String(hopsMax),
        keys,
      });
      const before = await service.call("handled");
      const startMs = performance.now();
      await setTimeout(durationMs);
      const hopped = (await service.call("handled")) - before;
      const perSecond = (hopped * 1000) / (performance.now() - startMs);
      await service.call("setHopping", false);
      await whenQuiet(restate);
      return { perSecond };
    },
  };
}

/** Waits until no token has been handled for a while. */
async function whenQuiet(restate: Restate): Promise<void> {
  const quietMs = 500;
  let handled = -1;
  for (;;) {
    const now = await restate.service.call("handled");
    if (now === handled) return;
    handled = now;
    await setTimeout(quietMs);
  }
}
