import { ChannelCredentials, ServerCredentials } from "@grpc/grpc-js";
import { StatewireError } from "../errors.js";

/** TLS for the stream to the runtime; all of it PEM. Without it the stream is in clear text. */
export interface TlsOptions {
  /** This side's certificate chain. Needed to serve; when attaching, for mutual TLS. */
  readonly certificate?: string | Uint8Array;
  /** The key of `certificate`. */
  readonly privateKey?: string | Uint8Array;
  /**
   * Who signs the peer's certificate. Serving: the runtime must then present one. Attaching: instead
   * of the authorities that Node trusts.
   */
  readonly authorities?: string | Uint8Array;
}

/** @throws StatewireError `invalid-declaration` when TLS lacks the certificate or its key. */
export function createServerCredentials(tls: TlsOptions | undefined): ServerCredentials {
  if (tls === undefined) {
    return ServerCredentials.createInsecure();
  }
  const { certificate, privateKey, authorities } = tls;
  if (certificate === undefined || privateKey === undefined) {
    throw new StatewireError("invalid-declaration", "tls needs a certificate and a privateKey");
  }
  return ServerCredentials.createSsl(
    toBuffer(authorities),
    [{ cert_chain: Buffer.from(certificate), private_key: Buffer.from(privateKey) }],
    authorities !== undefined,
  );
}

/** Credentials of the side that dials. */
export function createChannelCredentials(tls: TlsOptions | undefined): ChannelCredentials {
  return tls === undefined
    ? ChannelCredentials.createInsecure()
    : ChannelCredentials.createSsl(
        toBuffer(tls.authorities),
        toBuffer(tls.privateKey),
        toBuffer(tls.certificate),
      );
}

function toBuffer(pem: string | Uint8Array | undefined): Buffer | null {
  return pem === undefined ? null : Buffer.from(pem);
}
