import type { buildConnector } from "undici";
import { type HostOverrides, overrideAddress } from "../../module/host-overrides.js";
import { loadUndici } from "./load-undici.js";

/**
 * Connects as undici does, but to where a host is in truth. The name stays in the header Host, and in
 * what the server's certificate is checked for.
 */
export function createConnector(
  options: buildConnector.BuildOptions,
  overrides: HostOverrides,
): buildConnector.connector {
  const connect = loadUndici().buildConnector(options);
  return (request, callback) => {
    const { hostname, port, protocol } = request;
    const usedPort = port === "" ? (protocol === "https:" ? "443" : "80") : port;
    const place = overrideAddress(overrides, `${hostname}:${usedPort}`);
    if (place === undefined) {
      connect(request, callback);
      return;
    }
    const colon = place.lastIndexOf(":");
    const address = place.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
    connect(
      {
        ...request,
        hostname: address,
        port: place.slice(colon + 1),
        servername: request.servername || hostname,
      },
      callback,
    );
  };
}
