import { openLocalDirectory } from "./local-directory-store.js";
import type { ObjectStore } from "./object-store.js";
import { openWhenAsked } from "./store-when-asked.js";

/** What a checkpoint store's URL does not say. */
export interface StoreAccess {
  /** Null: AWS in the region. */
  readonly endpoint: string | null;
  readonly region: string;
  readonly isPathStyle: boolean;
  readonly idleTimeoutMs: number;
  /** Where credentials are looked for. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Opens "file:DIR" or "s3://bucket/prefix", which settings.ts has checked. */
export function openObjectStore(url: string, access: StoreAccess): ObjectStore {
  if (url.startsWith("file:")) return openLocalDirectory(url.slice("file:".length));
  const [, bucket = "", path = ""] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(url) ?? [];
  const prefix = path.replace(/\/+$/, "");
  const name = prefix === "" ? `s3://${bucket}` : `s3://${bucket}/${prefix}`;
  return openWhenAsked(name, async () => {
    // The libraries for S3 are a third of all the code that a node would load.
    const [{ openS3Store }, { findCredentials }] = await Promise.all([
      import("./s3-store.js"),
      import("./s3-credentials.js"),
    ]);
    const { region, isPathStyle, idleTimeoutMs, environment } = access;
    return openS3Store({
      name,
      bucket,
      prefix: prefix === "" ? "" : `${prefix}/`,
      endpoint: new URL(access.endpoint ?? `https://s3.${region}.amazonaws.com`),
      region,
      isPathStyle,
      credentials: findCredentials(environment),
      idleTimeoutMs,
    });
  });
}
