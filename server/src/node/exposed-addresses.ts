import { parseHostPort } from "../api/host-port.js";
import type { Settings } from "../settings.js";

type Exposing = Pick<Settings, "grpc" | "http" | "grpcCaFile">;

/**
 * The addresses that are served to other machines, and to anybody on them: for the log, since
 * whoever reaches one may send messages, read state and drop what is parked. [TLS-3]
 */
export function exposedAddresses({ grpc, http, grpcCaFile }: Exposing): readonly string[] {
  const exposed: string[] = [];
  if (grpcCaFile === "" && !isLoopback(parseHostPort(grpc, "grpc").host))
    exposed.push(`gRPC ${grpc}`);
  if (!isLoopback(parseHostPort(http, "http").host)) exposed.push(`HTTP ${http}`);
  return exposed;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d+){3}$/.test(host);
}
