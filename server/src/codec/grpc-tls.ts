import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { ChannelCredentials, ServerCredentials } from "@grpc/grpc-js";

/** The settings with these names: absolute paths of PEM files, or empty. */
export interface GrpcTlsFiles {
  readonly grpcCertFile: string;
  readonly grpcKeyFile: string;
  readonly grpcCaFile: string;
}

/**
 * By which the gRPC API is served: with a certificate by TLS, and with authorities only to clients
 * that show a certificate of theirs. [TLS-1] [TLS-2]
 *
 * @throws Error that names the setting and the file.
 */
export function serverCredentials(files: GrpcTlsFiles): ServerCredentials {
  if (files.grpcCertFile === "") return ServerCredentials.createInsecure();
  const { ca, cert, key } = read(files);
  const pair = { cert_chain: cert ?? Buffer.alloc(0), private_key: key ?? Buffer.alloc(0) };
  return ServerCredentials.createSsl(ca, [pair], ca !== null);
}

/**
 * By which a node is called that has these settings: its authorities verify it, and its certificate
 * is shown to it.
 *
 * @throws Error that names the setting and the file.
 */
export function clientCredentials(files: GrpcTlsFiles): ChannelCredentials {
  const { grpcCaFile, grpcCertFile } = files;
  if (grpcCaFile === "" && grpcCertFile === "") return ChannelCredentials.createInsecure();
  const { ca, cert, key } = read(files);
  return ChannelCredentials.createSsl(ca, key, cert);
}

interface Contents {
  readonly ca: Buffer | null;
  readonly cert: Buffer | null;
  readonly key: Buffer | null;
}

function read(files: GrpcTlsFiles): Contents {
  const contents = {
    ca: readFile(files, "grpcCaFile"),
    cert: readFile(files, "grpcCertFile"),
    key: readFile(files, "grpcKeyFile"),
  };
  check(files, "grpcCaFile", { ca: contents.ca });
  check(files, "grpcCertFile", { cert: contents.cert });
  check(files, "grpcKeyFile", { cert: contents.cert, key: contents.key });
  return contents;
}

function readFile(files: GrpcTlsFiles, name: keyof GrpcTlsFiles): Buffer | null {
  const path = files[name];
  if (path === "") return null;
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
  }
}

/** What TLS makes of the files; the library would say it without their names, or later. */
function check(files: GrpcTlsFiles, name: keyof GrpcTlsFiles, contents: Partial<Contents>): void {
  const given = Object.entries(contents).filter(([, content]) => content !== null);
  try {
    createSecureContext(Object.fromEntries(given));
    // Whatever is no certificate would be passed over: then nobody were known.
    if (contents.ca) new X509Certificate(contents.ca);
  } catch (error) {
    throw new Error(`${name} ${files[name]} cannot be used: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
