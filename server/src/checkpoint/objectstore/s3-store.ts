import { Client, S3Error } from "minio";
import type { ObjectPage, ObjectStore, ObjectStoreErrorCode } from "./object-store.js";
import { listKeysMax, ObjectStoreError, objectBytesMax } from "./object-store.js";
import type { S3Credentials } from "./s3-credentials.js";
import { createS3Transport } from "./s3-transport.js";

export interface S3StoreOptions {
  /** As ObjectStore.name. */
  readonly name: string;
  readonly bucket: string;
  /** Before every key: "" or "path/". */
  readonly prefix: string;
  /** Scheme, host and port of the service. */
  readonly endpoint: URL;
  readonly region: string;
  /** The bucket in the path instead of in the host's name. AWS itself always gets the latter. */
  readonly isPathStyle: boolean;
  readonly credentials: () => Promise<S3Credentials>;
  /** A connection on which nothing moves for so long is cut. */
  readonly idleTimeoutMs: number;
}

/**
 * Objects in a bucket of S3, MinIO, or another service that keeps to S3's conditional puts.
 *
 * A service that ignores `If-None-Match` would let two nodes write one checkpoint lineage: the first
 * call asks for it once more where an object is known to be, and refuses a service that obeys.
 */
export function openS3Store(options: S3StoreOptions): ObjectStore {
  return new S3Store(options);
}

/** Codes of S3 that mean that something must be changed before the request can succeed. */
const lasting: ReadonlyMap<string, ObjectStoreErrorCode> = new Map([
  ["AccessDenied", "DENIED"],
  ["InvalidAccessKeyId", "DENIED"],
  ["SignatureDoesNotMatch", "DENIED"],
  ["ExpiredToken", "DENIED"],
  ["InvalidToken", "DENIED"],
  ["InvalidTokenId", "DENIED"],
  ["NoSuchBucket", "MISCONFIGURED"],
  ["PermanentRedirect", "MISCONFIGURED"],
  ["AuthorizationHeaderMalformed", "MISCONFIGURED"],
  ["InvalidBucketName", "MISCONFIGURED"],
  ["NotImplemented", "MISCONFIGURED"],
]);

class S3Store implements ObjectStore {
  readonly name: string;
  readonly #options: S3StoreOptions;
  readonly #transport: ReturnType<typeof createS3Transport>;
  #client: Client | null = null;
  #signedWith: S3Credentials | null = null;
  #isConditional = false;

  constructor(options: S3StoreOptions) {
    const { name, endpoint, idleTimeoutMs } = options;
    this.#options = options;
    this.name = name;
    this.#transport = createS3Transport(endpoint.protocol === "https:", idleTimeoutMs);
  }

  put(key: string, body: Buffer): Promise<void> {
    return this.#try(`put ${key}`, async (client) => {
      await client.putObject(this.#options.bucket, this.#nameOf(key), body, body.length);
    });
  }

  putIfAbsent(key: string, body: Buffer): Promise<boolean> {
    return this.#try(`put ${key}`, async (client) => {
      const isFirst = await this.#putConditionally(client, key, body);
      if (!isFirst || this.#isConditional) return isFirst;
      if (await this.#putConditionally(client, key, body)) {
        const why = `${this.name} ignores If-None-Match: two nodes could write one lineage there`;
        throw new ObjectStoreError("MISCONFIGURED", why);
      }
      this.#isConditional = true;
      return true;
    });
  }

  get(key: string): Promise<Buffer | undefined> {
    return this.#try(`get ${key}`, async (client) => {
      try {
        const stream = await client.getObject(this.#options.bucket, this.#nameOf(key));
        return await readAll(stream);
      } catch (error) {
        if (error instanceof S3Error && error.code === "NoSuchKey") return;
        throw error;
      }
    });
  }

  list(prefix: string, after: string): Promise<ObjectPage> {
    return this.#try(`list ${prefix}`, async (client) => {
      const { bucket } = this.#options;
      const startAfter = after === "" ? "" : this.#nameOf(after);
      const start = ["", "", listKeysMax, startAfter] as const;
      const page = await client.listObjectsV2Query(bucket, this.#nameOf(prefix), ...start);
      const objects = page.objects.flatMap(({ name, size }) =>
        name === undefined ? [] : { key: name.slice(this.#options.prefix.length), bytes: size },
      );
      return { objects, more: page.isTruncated };
    });
  }

  delete(key: string): Promise<void> {
    return this.#try(`delete ${key}`, (client) =>
      client.removeObject(this.#options.bucket, this.#nameOf(key)),
    );
  }

  close(): void {
    this.#transport.close();
  }

  #nameOf(key: string): string {
    return `${this.#options.prefix}${key}`;
  }

  async #putConditionally(client: Client, key: string, body: Buffer): Promise<boolean> {
    const condition = { "If-None-Match": "*" };
    try {
      const { bucket } = this.#options;
      await client.putObject(bucket, this.#nameOf(key), body, body.length, condition);
      return true;
    } catch (error) {
      if (error instanceof S3Error && error.code === "PreconditionFailed") return false;
      throw error;
    }
  }

  /** A client with the credentials of now: they are part of it. */
  async #current(): Promise<Client> {
    const { credentials: find, endpoint, region, isPathStyle } = this.#options;
    const credentials = await find();
    const { accessKey, secretKey, sessionToken } = credentials;
    const before = this.#signedWith;
    const isSame = before?.accessKey === accessKey && before.sessionToken === sessionToken;
    if (this.#client !== null && isSame) return this.#client;
    this.#signedWith = credentials;
    this.#client = new Client({
      endPoint: endpoint.hostname.replace(/^\[(.*)\]$/, "$1"),
      ...(endpoint.port === "" ? {} : { port: Number(endpoint.port) }),
      useSSL: endpoint.protocol === "https:",
      accessKey,
      secretKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
      region,
      pathStyle: isPathStyle,
      transport: this.#transport.transport,
      // Retries are retrying-store.ts's, which says so in the log.
      retryOptions: { disableRetry: true },
    });
    return this.#client;
  }

  async #try<T>(what: string, act: (client: Client) => Promise<T>): Promise<T> {
    try {
      return await act(await this.#current());
    } catch (cause) {
      if (cause instanceof ObjectStoreError) throw cause;
      const { kind, why } = explain(cause as Error);
      throw new ObjectStoreError(kind, `cannot ${what} in ${this.name}: ${why}`, { cause });
    }
  }
}

/** What OpenSSL and Node say of a certificate that nobody vouches for. */
const untrusted = /certificate|CERT_|altnames/i;

function explain(cause: Error): { readonly kind: ObjectStoreErrorCode; readonly why: string } {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (cause instanceof S3Error) {
    return { kind: lasting.get(code ?? "") ?? "UNAVAILABLE", why: `${code} ${message}` };
  }
  if (!untrusted.test(`${code} ${message}`)) return { kind: "UNAVAILABLE", why: message };
  const how = "NODE_EXTRA_CA_CERTS names a file of authorities of your own";
  return { kind: "MISCONFIGURED", why: `${message} (${how})` };
}

async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of stream) {
    bytes += part.length;
    if (bytes > objectBytesMax) throw new Error(`it is longer than ${objectBytesMax} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts, bytes);
}
