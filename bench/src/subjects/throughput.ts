import { type Deployment, openDeployment } from "../runtime/deployment.js";
import type { Bench, OpenSubject, Subject } from "../subject.js";
import { closeAll, type FloorSeries, openDisk, openEcho } from "./floors.js";
import { hopsSeries, ingressSeries } from "./workload-series.js";

const tenThousand = 10_000;

/** Counters of a working set that fits anywhere. */
export const throughputSubject: Subject = {
  name: "throughput",
  question: "How many durable invocations per second over 10,000 instances?",
  async open(bench): Promise<OpenSubject> {
    const floors = await openFloors(bench, { keys: tenThousand, label: "10,000 keys" });
    const deployment = await openDeployment(bench, "throughput");
    const uniform = { keys: tenThousand, distribution: "uniform" } as const;
    const zipf = { keys: tenThousand, distribution: "zipf" } as const;
    return {
      series: [
        ...floors.map((floor) => floor.series),
        ingressSeries(deployment, { name: "ingress uniform", ...uniform }),
        ingressSeries(deployment, { name: "ingress zipf", ...zipf }),
        hopsSeries(deployment, { name: "hops uniform", ...uniform }),
        hopsSeries(deployment, { name: "hops zipf", ...zipf }),
      ],
      close: () => closeAll([deployment, ...floors]),
    };
  },
};

/** Counters of a working set far beyond what an epoch or a cache holds. */
export const millionSubject: Subject = {
  name: "million",
  question: "How many durable invocations per second over 1 million instances?",
  async open(bench): Promise<OpenSubject> {
    const keys = bench.quick ? 50_000 : 1_000_000;
    const floors = await openFloors(bench, { keys, label: "1 million keys" });
    const deployment = await openDeployment(bench, "million");
    bench.progress(`million: one message to each of ${keys} instances`);
    await seed(deployment, keys);
    const uniform = { keys, distribution: "uniform" } as const;
    return {
      series: [
        ...floors.map((floor) => floor.series),
        ingressSeries(deployment, { name: "ingress uniform", ...uniform }),
        hopsSeries(deployment, { name: "hops uniform", ...uniform }),
      ],
      close: () => closeAll([deployment, ...floors]),
    };
  },
};

/** Gives every instance of both counting functions a state. */
async function seed(deployment: Deployment, keys: number): Promise<void> {
  const { functions, load, grpcPort } = deployment;
  for (const type of ["counter", "hop"] as const) {
    const before = await functions.call("handled");
    await load.call("sendEach", { type, grpcPort, keys });
    await functions.call("whenHandled", before + keys);
  }
}

async function openFloors(
  bench: Bench,
  options: { readonly keys: number; readonly label: string },
): Promise<readonly FloorSeries[]> {
  const { keys, label } = options;
  return [
    await openEcho({ name: "framed echo", shape: "counter", keys, command: "framedEcho" }),
    await openEcho({ name: "framed echo of hops", shape: "hop", keys, command: "framedEcho" }),
    await openEcho({ name: "opaque echo", shape: "counter", keys, command: "opaqueEcho" }),
    await openDisk(bench, "journal 1,000", { kind: "journal", changesPerRecord: 1000 }),
    await openDisk(bench, `LMDB ${label}`, { kind: "lmdb", keys, putsPerCommit: 1000 }),
  ];
}
