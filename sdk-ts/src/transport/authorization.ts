import { createHash, timingSafeEqual } from "node:crypto";
import { Metadata } from "@grpc/grpc-js";

const name = "authorization";

/** Whether a call carries the `authorization` that is asked for, if any is. [TLS-2] */
export function isAuthorized(metadata: Metadata, expected: string | undefined): boolean {
  if (expected === undefined) {
    return true;
  }
  const values = metadata.get(name);
  return values.length === 1 && timingSafeEqual(digest(String(values[0])), digest(expected));
}

/** The metadata of a call that this side makes. */
export function createMetadata(authorization: string | undefined): Metadata {
  const metadata = new Metadata();
  if (authorization !== undefined) {
    metadata.set(name, authorization);
  }
  return metadata;
}

/** Of equal length whatever the text is. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
