import {
  type FunctionSpec,
  Hello,
  type Limits,
  type Welcome,
} from "@statewire/protos/statewire/v1/stream.js";
import { ProtocolViolation } from "./protocol-violation.js";

/** The version of PROTOCOL.md that this package speaks. */
export const protocolVersion = 1;

/** The runtime may name a version of states that the server keeps. */
export const leasesFeature = "leases";
/** The table may declare states that are only sent when they are asked for. */
export const lazyStateFeature = "lazy-state";

const helloBytesMax = 65_536;

/** What this side brings to a handshake. */
export interface ServerOffer {
  readonly sdkName: string;
  readonly sdkVersion: string;
  readonly serverName: string;
  /** The function table, lazy states declared as such. */
  readonly functions: readonly FunctionSpec[];
  /** Invocations in flight on a stream, at most. */
  readonly invocationsMax: number;
  /** Payload bytes in flight on a stream; one invocation may exceed it. */
  readonly payloadBytesMax: number;
  /** Largest frame that can be received. */
  readonly frameBytesMax: number;
  /** Addresses whose state is kept between invocations; 0: none. */
  readonly leasedAddressesMax: number;
}

/** What both sides agreed on. */
export interface Agreement {
  readonly welcome: Welcome;
  readonly limits: Limits;
  readonly leases: boolean;
  readonly lazyState: boolean;
}

/**
 * Answers Hello.
 *
 * @throws ProtocolViolation when Hello breaks a clause, or no version is common.
 */
export function negotiate(hello: Hello, offer: ServerOffer): Agreement {
  if (Hello.encode(hello).finish().length > helloBytesMax) {
    throw new ProtocolViolation("LIMIT-5", `Hello is larger than ${helloBytesMax} bytes`);
  }
  validateVersions(hello.versions);
  const limits = validateLimits(hello.limits, offer);
  const leases = offer.leasedAddressesMax > 0 && hello.features.includes(leasesFeature);
  const lazyState = hello.features.includes(lazyStateFeature);
  return { welcome: createWelcome(offer, { leases, lazyState }), limits, leases, lazyState };
}

/**
 * What the server announces. Without the lazy-state feature, lazy states are declared eager: they
 * then come with every invocation, and reading them costs no round trip.
 */
export function createWelcome(
  offer: ServerOffer,
  features: { readonly leases: boolean; readonly lazyState: boolean },
): Welcome {
  const names: string[] = [];
  if (features.leases) {
    names.push(leasesFeature);
  }
  if (features.lazyState) {
    names.push(lazyStateFeature);
  }
  return {
    version: protocolVersion,
    sdkName: offer.sdkName,
    sdkVersion: offer.sdkVersion,
    functions: offer.functions.map((spec) => ({
      ...spec,
      states: spec.states.map((state) => ({ ...state, lazy: state.lazy && features.lazyState })),
    })),
    features: names,
    window: { invocations: offer.invocationsMax, bytes: offer.payloadBytesMax },
    leasedAddressesMax: features.leases ? offer.leasedAddressesMax : 0,
    serverName: offer.serverName,
  };
}

function validateVersions(versions: readonly number[]): void {
  const descending = versions.every((version, index) => {
    const previous = versions[index - 1];
    return version > 0 && (previous === undefined || version < previous);
  });
  if (versions.length === 0 || !descending) {
    throw new ProtocolViolation(
      "HELLO-7",
      `Hello has versions [${versions.join(", ")}], expected some from the highest to the lowest`,
    );
  }
  if (!versions.includes(protocolVersion)) {
    throw new ProtocolViolation(
      "HELLO-3",
      `the runtime speaks versions ${versions.join(", ")}, this server speaks ${protocolVersion}`,
    );
  }
}

function validateLimits(limits: Limits | undefined, offer: ServerOffer): Limits {
  if (limits === undefined || Object.values(limits).some((limit) => limit === 0)) {
    throw new ProtocolViolation("HELLO-14", "Hello has a limit that is absent or 0");
  }
  if (limits.valueBytesMax * 4 > limits.frameBytesMax) {
    throw new ProtocolViolation(
      "LIMIT-9",
      `value_bytes_max ${limits.valueBytesMax} is more than a quarter of frame_bytes_max ${limits.frameBytesMax}`,
    );
  }
  if (limits.frameBytesMax > offer.frameBytesMax) {
    throw new ProtocolViolation(
      "LIMIT-6",
      `frame_bytes_max ${limits.frameBytesMax} is more than the ${offer.frameBytesMax} bytes that this server ` +
        "receives: raise frameBytesMax of serve(), or lower the runtime's setting frameBytesMax",
    );
  }
  return limits;
}
