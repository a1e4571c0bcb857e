import { openDeployment } from "../runtime/deployment.js";
import type { OpenSubject, Subject } from "../subject.js";
import { closeAll, openEcho } from "./floors.js";
import { fanOutSeries } from "./workload-series.js";

/** One message, a thousand consequences. */
export const fanOutSubject: Subject = {
  name: "fan-out",
  question: "How many messages per second when each message to one function causes 1,000?",
  async open(bench): Promise<OpenSubject> {
    const echo = await openEcho({
      name: "framed echo",
      shape: "counter",
      keys: 10_000,
      command: "framedEcho",
    });
    const deployment = await openDeployment(bench, "fan-out");
    return {
      series: [echo.series, fanOutSeries(deployment)],
      close: () => closeAll([deployment, echo]),
    };
  },
};
