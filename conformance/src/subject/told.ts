import type { ChannelCredentials } from "@grpc/grpc-js";

/**
 * What a subject is told by environment in the cases about who may connect and who dials, beside
 * where to listen; CONNECTING.md describes it. What is not set is not asked for.
 */
export const variables = {
  /** PEM files: what the subject shows to its peers, and serves TLS with. */
  certificate: "CONFORMANCE_TLS_CERT",
  key: "CONFORMANCE_TLS_KEY",
  /** A PEM file: who has to have signed what its peers show. */
  authority: "CONFORMANCE_TLS_CA",
  /** The `authorization` that peers have to send, and that it sends itself when it dials. */
  authorization: "CONFORMANCE_AUTHORIZATION",
  /** host:port of the kit, which the subject has to dial. */
  dial: "CONFORMANCE_DIAL",
} as const;

/** One start of the subject that differs from the usual one. */
export interface Told {
  readonly environment: { readonly [name: string]: string };
  /** By which the kit dials it. Default: in clear text. */
  readonly credentials?: ChannelCredentials;
  /** How long it may take until it accepts connections, in milliseconds. */
  readonly startMs?: number;
}

/** Starts the subject once more, told something else. */
export type StartAs<Subject> = (told: Told) => Promise<Subject>;
