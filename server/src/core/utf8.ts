/** Text as UTF-8: what TextEncoder does, which the core must do without. */
export function encodeUtf8(text: string): Uint8Array {
  // A code unit has at most three bytes.
  const bytes = new Uint8Array(3 * text.length);
  let at = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    if (point < 0x80) {
      bytes[at++] = point;
      continue;
    }
    const continuations = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    const lead = continuations === 1 ? 0xc0 : continuations === 2 ? 0xe0 : 0xf0;
    bytes[at++] = lead | (point >> (6 * continuations));
    for (let left = continuations - 1; left >= 0; left--) {
      bytes[at++] = 0x80 | ((point >> (6 * left)) & 0x3f);
    }
  }
  return bytes.slice(0, at);
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Bytes as base64, with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at;
    const [a = 0, b = 0, c = 0] = bytes.subarray(at, at + 3);
    const group = (a << 16) | (b << 8) | c;
    text += alphabet.charAt(group >> 18) + alphabet.charAt((group >> 12) & 63);
    text += left > 1 ? alphabet.charAt((group >> 6) & 63) : "=";
    text += left > 2 ? alphabet.charAt(group & 63) : "=";
  }
  return text;
}
