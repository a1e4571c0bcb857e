import { type ChannelCredentials, credentials, Metadata, ServerCredentials } from "@grpc/grpc-js";
import type { Identity } from "../subject/certificate.js";
import { type Identities, identities } from "../subject/identities.js";
import { variables } from "../subject/told.js";

/** By which the kit dials a subject: TLS that verifies it, and shows it an identity or none. */
export function dialAs({ authority }: Identities, as?: Identity): ChannelCredentials {
  return credentials.createSsl(
    Buffer.from(authority),
    as === undefined ? null : Buffer.from(as.key),
    as === undefined ? null : Buffer.from(as.certificate),
  );
}

/** By which the kit serves whoever dials it: TLS with an identity, for those who show one as well. */
export function serveAs({ authority }: Identities, as: Identity): ServerCredentials {
  const pair = { cert_chain: Buffer.from(as.certificate), private_key: Buffer.from(as.key) };
  return ServerCredentials.createSsl(Buffer.from(authority), [pair], true);
}

/** What tells a subject to use TLS, and, with `mutual`, to take only peers that show a certificate. */
export function tlsEnvironment(mutual: boolean): { readonly [name: string]: string } {
  const { files } = identities();
  return {
    [variables.certificate]: files.certificate,
    [variables.key]: files.key,
    ...(mutual ? { [variables.authority]: files.authority } : {}),
  };
}

/** The value of `authorization` that known peers send. */
export const authorization = "Bearer conformance-secret";

/** Call metadata with `authorization`. */
export function authorized(value: string): Metadata {
  const metadata = new Metadata();
  metadata.set("authorization", value);
  return metadata;
}
