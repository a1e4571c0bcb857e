import type { Hello } from "@statewire/protos/statewire/v1/stream.js";
import type { Logger } from "pino";
import type { ResultLimits } from "../codec/result-decoder.js";
import type { Command } from "../core/command.js";
import type { HostOverrides } from "../module/host-overrides.js";

/** What every stream of the node shares. */
export interface StreamOptions {
  readonly hello: Hello;
  readonly limits: ResultLimits;
  readonly frameBytesMax: number;
  readonly submit: (command: Command) => void;
  readonly nextSession: () => number;
  readonly logger: Logger;
  /** Hosts of endpoints that are somewhere else. */
  readonly hosts: HostOverrides;
  /** How long a handshake may take. [HELLO-9] */
  readonly handshakeTimeoutMs: number;
}

/** How long a stream that we ended may linger before it is cut, in milliseconds. */
export const lingerMs = 2_000;

/** gRPC channel options for streams, on either side. [KEEP-1] [KEEP-2] [LIMIT-11] */
export function channelOptions(frameBytesMax: number): Record<string, number | string> {
  return {
    "grpc.max_receive_message_length": frameBytesMax,
    "grpc.max_send_message_length": frameBytesMax,
    "grpc.keepalive_time_ms": 20_000,
    "grpc.keepalive_timeout_ms": 10_000,
    "grpc.keepalive_permit_without_calls": 1,
    "grpc.enable_retries": 0,
    // Each endpoint has a connection of its own.
    "grpc.use_local_subchannel_pool": 1,
  };
}
