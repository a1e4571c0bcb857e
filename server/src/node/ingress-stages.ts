import type { Logger } from "pino";
import type { IngressView } from "../admin/node-view.js";
import { createFileIngress } from "../ingress/file/file-ingress.js";
import type { IngressPort } from "../ingress/ingress-port.js";
import type { RequestCounters } from "../ingress/request-counters.js";
import type { IngressSpec } from "../module/module.js";
import type { Settings } from "../settings.js";

/** The ingresses that module.yaml declares. */
export function createIngressStages(
  specs: readonly IngressSpec[],
  parts: {
    readonly settings: Settings;
    readonly port: IngressPort;
    readonly logger: Logger;
    readonly counters: RequestCounters;
  },
) {
  const { port, logger, settings, counters } = parts;
  const { recordBytesMax } = settings;
  const stages = specs.flatMap((spec) =>
    spec.kind === "statewire.file.v1/ingress"
      ? [createFileIngress({ spec, port, logger, limits: settings, recordBytesMax })]
      : [],
  );
  // The API has its server; what it does is to take requests.
  const playground = specs.filter(({ kind }) => kind === "io.statefun.playground.v1/ingress");
  const viewPlayground = ({ id: name, kind }: IngressSpec): IngressView => {
    const position = counters.playgroundSend.succeeded;
    return { name, kind, position, state: "running", reason: "" };
  };
  return {
    start(): void {
      for (const stage of stages) stage.start();
    },
    statuses: (): readonly IngressView[] => [
      ...stages.map((stage) => stage.status()),
      ...playground.map(viewPlayground),
    ],
    /** Reads nothing more. What was read and is not durable is read again by the next run. */
    async close(): Promise<void> {
      await Promise.all(stages.map((stage) => stage.close()));
    },
  };
}
