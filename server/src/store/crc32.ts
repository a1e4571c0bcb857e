import { crc32 } from "node:zlib";

/** Below this length a loop here is quicker than the way into native code. */
const nativeBytesMin = 96;

const table = Int32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) {
    remainder = (remainder & 1) === 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1;
  }
  return remainder;
});

/** As zlib's crc32(), and quicker for short bytes. `before`: the CRC-32 of what comes before. */
export function crc32Of(bytes: Uint8Array, before = 0): number {
  if (bytes.length >= nativeBytesMin) return crc32(bytes, before);
  let remainder = ~before;
  for (let at = 0; at < bytes.length; at++) {
    remainder = (remainder >>> 8) ^ (table[(remainder ^ (bytes[at] as number)) & 0xff] as number);
  }
  return ~remainder >>> 0;
}
