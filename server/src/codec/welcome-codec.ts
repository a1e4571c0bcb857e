import {
  Expiration_Mode,
  type Welcome,
  type FunctionSpec as WireFunction,
} from "@statewire/protos/statewire/v1/stream.js";
import { isFunctionTypePattern, nameBytesMax } from "../core/address.js";
import type { Expiration, FunctionSpec, SessionWindow, StateSpec } from "../core/command.js";
import { typenameBytesMax } from "./ingress-codec.js";
import { ProtocolViolation } from "./protocol-violation.js";
import { cutForPeople, shown } from "./shown-text.js";

/** What the runtime offered in its Hello. */
export interface Offer {
  readonly versions: readonly number[];
  readonly features: readonly string[];
}

/** A server's Welcome, validated. */
export interface ServerHandshake {
  readonly functions: readonly FunctionSpec[];
  readonly window: SessionWindow;
  /** 0 unless leases were agreed. */
  readonly leasesMax: number;
  readonly features: readonly string[];
  /** For people: SDK name and version. */
  readonly sdk: string;
  readonly serverName: string;
}

/** @throws ProtocolViolation for the first clause that the Welcome breaks. */
export function parseWelcome(welcome: Welcome, offer: Offer): ServerHandshake {
  if (!offer.versions.includes(welcome.version)) {
    fail("HELLO-3", `version ${welcome.version}; the runtime speaks ${offer.versions.join(", ")}`);
  }
  const features = new Set(welcome.features);
  for (const feature of welcome.features) {
    if (!offer.features.includes(feature)) {
      fail("HELLO-4", `feature ${shown(feature)}; offered are ${offer.features.join(", ")}`);
    }
  }
  if (features.size < welcome.features.length) fail("HELLO-4", "a feature that is named twice");
  if (welcome.functions.length === 0) fail("TABLE-11", "an empty function table");
  const patterns = new Set(welcome.functions.map((entry) => entry.typeName));
  if (patterns.size < welcome.functions.length)
    fail("TABLE-16", "a function type that is named twice");
  return {
    functions: welcome.functions.map((entry) => parseFunction(entry, features)),
    window: {
      invocations: welcome.window?.invocations ?? 0,
      bytes: welcome.window?.bytes ?? 0,
    },
    leasesMax: features.has("leases") ? welcome.leasedAddressesMax : 0,
    features: [...features],
    sdk: cutForPeople(`${welcome.sdkName} ${welcome.sdkVersion}`.trim()),
    serverName: cutForPeople(welcome.serverName),
  };
}

function parseFunction(entry: WireFunction, features: ReadonlySet<string>): FunctionSpec {
  if (!isFunctionTypePattern(entry.typeName)) {
    fail("TABLE-2", `${shown(entry.typeName)} is neither namespace/type nor namespace/*`);
  }
  const names = new Set(entry.states.map((state) => state.name));
  if (names.size < entry.states.length) {
    fail("TABLE-3", `a state of ${entry.typeName} that is named twice`);
  }
  return {
    pattern: entry.typeName,
    inFlightMax: entry.inFlightMax,
    batchMax: entry.batchMax,
    states: entry.states.map((state): StateSpec => {
      const where = `state ${shown(state.name)} of ${entry.typeName}`;
      const nameBytes = Buffer.byteLength(state.name);
      if (nameBytes < 1 || nameBytes > nameBytesMax) {
        fail(
          "TABLE-3",
          `${where} has a name of ${nameBytes} bytes; 1 to ${nameBytesMax} are allowed`,
        );
      }
      if (state.typename === "") fail("TABLE-17", `${where} has no typename`);
      const typenameBytes = Buffer.byteLength(state.typename);
      if (typenameBytes > typenameBytesMax) {
        fail(
          "LIMIT-12",
          `${where} has a typename of ${typenameBytes} bytes, above ${typenameBytesMax}`,
        );
      }
      if (state.lazy && !features.has("lazy-state")) {
        fail("LAZY-1", `${where} is lazy, and lazy-state is not agreed`);
      }
      return {
        name: state.name,
        typename: state.typename,
        lazy: state.lazy,
        expiration:
          state.expiration === undefined ? null : parseExpiration(state.expiration, where),
      };
    }),
  };
}

function parseExpiration(
  expiration: { readonly mode: number; readonly durationMs: number },
  where: string,
): Expiration {
  const { mode, durationMs } = expiration;
  if (durationMs < 1) fail("TABLE-13", `${where} expires after ${durationMs} ms; 1 is the least`);
  if (mode === Expiration_Mode.AFTER_WRITE) return { mode: "afterWrite", durationMs };
  if (mode === Expiration_Mode.AFTER_INVOCATION) return { mode: "afterInvocation", durationMs };
  return fail("TABLE-13", `${where} has expiration mode ${mode}`);
}

function fail(clause: string, message: string): never {
  throw new ProtocolViolation(clause, message);
}
