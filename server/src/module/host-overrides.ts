import { isIPv6 } from "node:net";
import { isHostAndPort } from "./host-and-port.js";

/** Where a host is in truth. */
export interface HostOverride {
  /** As module.yaml writes it; lower case. */
  readonly host: string;
  /** A name or an IP address, without brackets. */
  readonly address: string;
  /** Null: the port stays as it is written. */
  readonly port: number | null;
}

/** Hosts of module.yaml that are somewhere else on this machine; by host, in lower case. */
export type HostOverrides = ReadonlyMap<string, HostOverride>;

/** No host is anywhere else. */
export const noOverrides: HostOverrides = new Map();

/** What is valid, for messages. */
export const hostOverrideSyntax =
  "HOST=ADDRESS or HOST=ADDRESS:PORT, for example functions=127.0.0.1";

/** Reads an override as a user writes it; undefined when it is none. */
export function parseHostOverride(text: string): HostOverride | undefined {
  const [, host = "", place = ""] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (!isHostAndPort(`${host}:1`, 1) || host.startsWith("[")) return undefined;
  const hasPort = isHostAndPort(place, 1);
  const address = hasPort ? place.slice(0, place.lastIndexOf(":")) : place;
  const bare = address.replace(/^\[(.*)\]$/, "$1");
  if (!isIPv6(bare) && !isHostAndPort(`${bare}:1`, 1)) return undefined;
  return {
    host: host.toLowerCase(),
    address: bare,
    port: hasPort ? Number(place.slice(place.lastIndexOf(":") + 1)) : null,
  };
}

/** "host:port" of where "host:port" is in truth; undefined when it is there. */
export function overrideAddress(overrides: HostOverrides, address: string): string | undefined {
  const colon = address.lastIndexOf(":");
  const override = overrides.get(address.slice(0, colon).toLowerCase());
  if (override === undefined) return undefined;
  const host = override.address.includes(":") ? `[${override.address}]` : override.address;
  return `${host}:${override.port ?? address.slice(colon + 1)}`;
}
