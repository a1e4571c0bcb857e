import { openDeployment } from "../runtime/deployment.js";
import type { OpenSubject, Subject } from "../subject.js";
import { closeAll, openHttpEcho, openHttpLoad } from "./floors.js";
import { httpCallSeries } from "./http-call.js";

const connectionCounts = [1, 64, 256] as const;

/** Durable calls through the HTTP ingress. */
export const httpSubject: Subject = {
  name: "http",
  question: "How many durable calls per second through the HTTP ingress?",
  async open(bench): Promise<OpenSubject> {
    const echo = await openHttpEcho(connectionCounts, (count) => `node:http echo ${count}`);
    const deployment = await openDeployment(bench, "http");
    const load = await openHttpLoad();
    const calls = connectionCounts.map((connections) =>
      httpCallSeries(load, {
        name: `calls ${connections}`,
        role: "statewire",
        floor: `node:http echo ${connections}`,
        port: deployment.httpPort,
        connections,
      }),
    );
    return {
      series: echo.series.flatMap((floor, index) => [floor, ...calls.slice(index, index + 1)]),
      close: () => closeAll([load, deployment, echo]),
    };
  },
};
