import type { Logger } from "pino";
import type { IngressView } from "../admin/node-view.js";
import { createFileIngress } from "../ingress/file/file-ingress.js";
import type { IngressPort } from "../ingress/ingress-port.js";
import type { IngressSpec } from "../module/module.js";
import type { Settings } from "../settings.js";

/** The ingresses that module.yaml declares. */
export function createIngressStages(
  specs: readonly IngressSpec[],
  parts: { readonly settings: Settings; readonly port: IngressPort; readonly logger: Logger },
) {
  const { port, logger, settings } = parts;
  const { recordBytesMax } = settings;
  const stages = specs.map((spec) =>
    createFileIngress({ spec, port, logger, limits: settings, recordBytesMax }),
  );
  return {
    start(): void {
      for (const stage of stages) stage.start();
    },
    statuses: (): readonly IngressView[] => stages.map((stage) => stage.status()),
    /** Reads nothing more. What was read and is not durable is read again by the next run. */
    async close(): Promise<void> {
      await Promise.all(stages.map((stage) => stage.close()));
    },
  };
}
