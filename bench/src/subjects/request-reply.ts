import { openDeployment } from "../runtime/deployment.js";
import type { OpenSubject, Subject } from "../subject.js";
import { closeAll, openHttpEcho } from "./floors.js";
import { hopsSeries, ingressSeries } from "./workload-series.js";

/** As many as the endpoint's pool_size. */
const connections = 256;
const floor = `node:http echo ${connections}`;
const distribution = "uniform";

/**
 * Functions behind StateFun's HTTP protocol. With few instances a request carries a batch, with many
 * it carries one message: then the echo's requests are the measure.
 */
export const requestReplySubject: Subject = {
  name: "request-reply",
  question: "How many durable invocations per second over StateFun's HTTP protocol?",
  async open(bench): Promise<OpenSubject> {
    const echo = await openHttpEcho([connections], () => floor);
    const deployment = await openDeployment(bench, "request-reply", "http");
    const over = (keys: number) => ({ keys, distribution, floor }) as const;
    return {
      series: [
        ...echo.series,
        ingressSeries(deployment, { name: "ingress 10,000 instances", ...over(10_000) }),
        ingressSeries(deployment, { name: "ingress 100 instances", ...over(100) }),
        ingressSeries(deployment, { name: "ingress 10 instances", ...over(10) }),
        hopsSeries(deployment, { name: "hops 10,000 instances", ...over(10_000) }),
      ],
      close: () => closeAll([deployment, echo]),
    };
  },
};
