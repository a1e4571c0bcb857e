import { covers } from "../core/address.js";
import type { EndpointSpec } from "../module/module.js";
import type { EndpointStatus } from "./endpoint-status.js";

/**
 * A row for each endpoint with `dialIn: true` that no function server has dialled for yet. Like the
 * servers that dial in, it is nobody's whom the node waits for to be ready.
 */
export function awaitedServers(
  specs: readonly EndpointSpec[],
  attached: readonly EndpointStatus[],
): readonly EndpointStatus[] {
  const isServed = (pattern: string): boolean =>
    attached.some(({ functions }) =>
      functions.some((served) => covers(pattern, served) || covers(served, pattern)),
    );
  return specs
    .filter((spec) => spec.kind === "statewire.endpoints.v1/grpc" && spec.addresses.length === 0)
    .filter(({ functions }) => !functions.some(isServed))
    .map(({ functions }) => ({
      endpoint: null,
      address: `dialIn ${functions.join(" ")}`,
      state: "connecting",
      reason: "no function server has dialled in",
      sdk: "",
      functions,
      session: 0,
    }));
}
