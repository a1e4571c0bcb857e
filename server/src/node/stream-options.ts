import type { Logger } from "pino";
import type { Command } from "../core/command.js";
import type { StreamOptions } from "../dispatch/stream-options.js";
import { routeToTopics } from "../egress/playground/topic-router.js";
import type { HostOverrides } from "../module/host-overrides.js";
import type { Settings } from "../settings.js";

/** What a stream's results may hold in flight: far more than a turn needs, far less than memory. */
const resultCreditBytes = 64 * 1024 * 1024;

const handshakeTimeoutMs = 10_000;

/** What every stream of the node says and keeps to. */
export function streamOptions(parts: {
  readonly settings: Settings;
  readonly logger: Logger;
  readonly nodeId: string;
  readonly submit: (command: Command) => void;
  readonly version: string;
  readonly hosts: HostOverrides;
}): StreamOptions {
  const { frameBytesMax, valueBytesMax, idBytesMax, effectsMax } = parts.settings;
  let session = 0;
  return {
    hello: {
      versions: [1],
      runtimeName: "statewire",
      runtimeVersion: parts.version,
      nodeId: parts.nodeId,
      limits: { frameBytesMax, valueBytesMax, idBytesMax, effectsMax, resultCreditBytes },
      features: ["leases", "lazy-state"],
    },
    limits: { valueBytesMax, idBytesMax, effectsMax },
    frameBytesMax,
    submit: routeToTopics(parts.submit),
    nextSession: () => ++session,
    logger: parts.logger,
    hosts: parts.hosts,
    handshakeTimeoutMs,
  };
}
