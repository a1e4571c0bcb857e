import { brotliCompressSync, brotliDecompressSync, constants } from "node:zlib";
import type { StoredObject } from "./manifest.js";

/** The fastest: three times as fast as deflate's level 1, and within a sixth of its size. */
const quality = 0;

/** What tells whether bytes can be compressed at all. */
const sampleBytes = 64 * 1024;

/** Room that the library must see left to know that nothing follows. */
const spareBytes = 1024;

/** Compressed to more than this share, bytes stay as they are: that costs nothing to read. */
const gainlessShare = 0.9;

/** Whether bytes are worth compressing, judged by a sample of them. */
export function chooseEncoding(raw: Buffer): StoredObject["encoding"] {
  const middle = Math.max(0, (raw.length - sampleBytes) >> 1);
  const sample = raw.subarray(middle, middle + sampleBytes);
  return compress(sample).length > gainlessShare * sample.length ? "none" : "brotli";
}

/**
 * The bytes of an object as they are stored: those given, or others. On the thread that it runs on,
 * not on one of those that file calls share.
 */
export function encodeBody(raw: Buffer, encoding: StoredObject["encoding"]): Buffer {
  return encoding === "none" ? raw : compress(raw);
}

/** What encodeBody() was given. @throws Error when the body is not that. */
export function decodeBody(
  body: Buffer,
  { encoding, rawBytes }: Pick<StoredObject, "encoding" | "rawBytes">,
): Buffer {
  if (encoding === "none") return body;
  const maxOutputLength = Math.max(rawBytes, 1);
  return brotliDecompressSync(body, { maxOutputLength, chunkSize: maxOutputLength + spareBytes });
}

function compress(raw: Buffer): Buffer {
  return brotliCompressSync(raw, {
    chunkSize: pieceBytes(raw.length),
    params: {
      [constants.BROTLI_PARAM_QUALITY]: quality,
      [constants.BROTLI_PARAM_SIZE_HINT]: raw.length,
    },
  });
}

/**
 * Output comes in pieces of a quarter of what goes in: what is worth compressing takes one or two, a
 * piece for the worst case would mostly stay empty, and the library's small pieces cost more than the work.
 */
function pieceBytes(rawBytes: number): number {
  return (rawBytes >> 2) + 1024;
}
