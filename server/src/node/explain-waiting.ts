import type { EndpointView } from "../admin/node-view.js";
import { type Address, covers } from "../core/address.js";
import type { Waiting } from "../core/waiting.js";

/** A server or an endpoint, and the session that it has; 0: none. */
type Server = Omit<EndpointView, "invocationsInFlight"> & { readonly session: number };

/** Why a call has no reply yet: the parts of a sentence, for people. */
export function explainWaiting(
  { typeName }: Address,
  waiting: Waiting,
  servers: readonly Server[],
): string {
  const { ahead } = waiting;
  const before = ahead === 0 ? [] : [`${ahead} ${plural("message", ahead)} before it`];
  return [...before, whereItIs(typeName, waiting, servers), ...failures(waiting)].join("; ");
}

function whereItIs(typeName: string, { at }: Waiting, servers: readonly Server[]): string {
  switch (at.kind) {
    case "unserved":
      return `no server serves ${typeName} now${describeAbsent(typeName, servers)}`;
    case "inFlight":
      return `its address is at ${nameOf(at.session, servers)} for ${at.forMs} ms${troubleOf(at.session, servers)}`;
    case "inLine":
      return `its address is in line at ${nameOf(at.session, servers)}`;
    case "backingOff":
      return `its address is tried again in ${at.retryInMs} ms`;
    case "parked":
      return "its address is parked until an operator decides";
    case "stored":
      return "its address is on disk until there is room for it in memory";
  }
}

function failures({ attempts, lastFailure }: Waiting): readonly string[] {
  if (attempts === 0 && lastFailure === null) return [];
  const tried = `${attempts} ${plural("attempt", attempts)} failed`;
  if (lastFailure === null) return [tried];
  const { code, message } = lastFailure;
  return [attempts === 0 ? `${code}: ${message}` : `${tried}, the last one: ${code}: ${message}`];
}

function describeAbsent(typeName: string, servers: readonly Server[]): string {
  const absent = servers.filter(
    ({ endpoint, state }) =>
      state !== "ready" && endpoint?.split(" ").some((pattern) => covers(pattern, typeName)),
  );
  if (absent.length === 0) return "";
  return `: ${absent.map(describeServer).join(", ")}`;
}

function describeServer({ address, state, reason }: Server): string {
  return reason === "" ? `${address} is ${state}` : `${address} is ${state} (${reason})`;
}

function nameOf(session: number, servers: readonly Server[]): string {
  return servers.find((server) => server.session === session)?.address ?? "a server";
}

/** Of a server that cannot be reached just now, though it has the address. */
function troubleOf(session: number, servers: readonly Server[]): string {
  const server = servers.find((each) => each.session === session);
  return server === undefined || server.reason === "" ? "" : `: ${server.state} (${server.reason})`;
}

function plural(noun: string, count: number): string {
  return count === 1 ? noun : `${noun}s`;
}
