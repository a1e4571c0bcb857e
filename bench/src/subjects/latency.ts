import type { CallLoadCommands } from "../load/call-load.js";
import { openChild } from "../process/child.js";
import { openDeployment } from "../runtime/deployment.js";
import type { OpenSubject, Series, Subject } from "../subject.js";
import { closeAll, openDisk, openEcho, openHttpEcho, openHttpLoad } from "./floors.js";
import { httpCallSeries } from "./http-call.js";

const keys = 10_000;

/**
 * One call at a time gives the engine little to go by: for the first seconds it still compiles beside
 * the calls, in every process, on the same two cores.
 */
const warmUpMs = 6000;

/** One durable call at a time, on an idle runtime. */
export const latencySubject: Subject = {
  name: "latency",
  question: "How long does one durable call take when nothing else happens?",
  async open(bench): Promise<OpenSubject> {
    const counter = { shape: "counter", keys } as const;
    const disk = await openDisk(bench, "fdatasync", { kind: "fdatasync" });
    const stream = await openEcho({ ...counter, name: "stream round trip", command: "roundTrips" });
    const unary = await openEcho({ ...counter, name: "unary gRPC", command: "unaryCalls" });
    const http = await openHttpEcho([1], () => "bare HTTP");
    const deployment = await openDeployment(bench, "latency");
    const grpcLoad = await openChild<CallLoadCommands>(
      new URL("../load/call-load.js", import.meta.url),
    );
    const httpLoad = await openHttpLoad();
    const grpcCall: Series = {
      name: "gRPC call",
      role: "statewire",
      floor: "unary gRPC",
      measure: (durationMs) =>
        grpcLoad.call("run", { grpcPort: deployment.grpcPort, keys, durationMs }),
    };
    const httpCall = httpCallSeries(httpLoad, {
      name: "HTTP call",
      role: "statewire",
      floor: "bare HTTP",
      port: deployment.httpPort,
      connections: 1,
    });
    const calls = [stream.series, unary.series, grpcCall, ...http.series, httpCall];
    return {
      series: [disk.series, ...calls.map((series) => ({ ...series, warmUpMs }))],
      close: () => closeAll([httpLoad, grpcLoad, deployment, http, unary, stream, disk]),
    };
  },
};
