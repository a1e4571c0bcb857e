import { readFileSync } from "node:fs";
import type { HttpTlsSpec } from "../../module/module.js";

/** What a connection shows and checks, as Node names it. */
export interface TlsContents {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: string;
}

/**
 * Reads the files of an endpoint's TLS options.
 * @throws Error that names the option and the file, never what is in it.
 */
export function readTls({
  trustFile,
  certFile,
  keyFile,
  keyPasswordFile,
}: HttpTlsSpec): TlsContents {
  return {
    ...(trustFile === null ? {} : { ca: read("trust_cacerts", trustFile) }),
    ...(certFile === null ? {} : { cert: read("client_cert", certFile) }),
    ...(keyFile === null ? {} : { key: read("client_key", keyFile) }),
    ...(keyPasswordFile === null
      ? {}
      : // A file's last line feed is not part of the secret.
        { passphrase: read("client_key_password", keyPasswordFile).replace(/\r?\n$/, "") }),
  };
}

function read(option: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new Error(`${option}: cannot read ${path}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
