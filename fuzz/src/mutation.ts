import fc from "fast-check";

/** Lengths, numbers and ends that decoders trip over. */
const trickyBytes: readonly Uint8Array[] = [
  [0x00],
  [0xff],
  [0x7f],
  [0x80],
  [0x80, 0x00],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff],
  [0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0x00, 0x20, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00],
  [0xc3, 0x28],
  [0xed, 0xa0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0xef, 0xbf, 0xbd],
].map((bytes) => Uint8Array.from(bytes));

/** Two places of an input, wherever it ends, and what may be put there. */
interface Change {
  readonly kind: "flip" | "set" | "insert" | "overwrite" | "remove" | "repeat" | "cut" | "splice";
  /** From 0 to 1: of the length. */
  readonly from: number;
  readonly to: number;
  readonly number: number;
  readonly bytes: Uint8Array;
}

/**
 * Valid examples with a few changes each: bits flipped, bytes set, put in, removed, repeated, cut
 * off, or one example's end put behind another's beginning.
 *
 * @param tricky What is put in beside random bytes: words of the format.
 */
export function mutations(
  corpus: readonly Uint8Array[],
  tricky: readonly Uint8Array[] = trickyBytes,
): fc.Arbitrary<Buffer> {
  const place = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 1));
  const change = fc.record<Change>({
    kind: fc.constantFrom<Change["kind"]>(
      "flip",
      "set",
      "insert",
      "overwrite",
      "remove",
      "repeat",
      "cut",
      "splice",
    ),
    from: place,
    to: place,
    number: fc.nat(255),
    bytes: fc.oneof(fc.constantFrom(...tricky), fc.uint8Array({ maxLength: 12 })),
  });
  return fc
    .record({
      example: fc.constantFrom(...corpus),
      other: fc.constantFrom(...corpus),
      changes: fc.array(change, { maxLength: 6 }),
    })
    .map(({ example, other, changes }) =>
      changes.reduce<Buffer>((bytes, one) => applyChange(bytes, one, other), Buffer.from(example)),
    );
}

/** As mutations(), of texts: what is no UTF-8 any more becomes U+FFFD. */
export function textMutations(
  corpus: readonly string[],
  tricky: readonly string[],
): fc.Arbitrary<string> {
  const encoder = new TextEncoder();
  const bytes = (texts: readonly string[]) => texts.map((text) => encoder.encode(text));
  return mutations(bytes(corpus), bytes(tricky)).map((mutated) => mutated.toString("utf8"));
}

/** Repeating doubles at most: beyond this size nothing is repeated. */
const repeatBytesMax = 64 * 1024;

function applyChange(bytes: Buffer, change: Change, other: Uint8Array): Buffer {
  const { from, to, number } = change;
  const at = Math.floor(from * bytes.length);
  const [start, end] = [at, Math.floor(to * bytes.length)].sort((a, b) => a - b) as [
    number,
    number,
  ];
  switch (change.kind) {
    case "flip":
      return withByte(bytes, at, (bytes[at] ?? 0) ^ (1 << (number & 7)));
    case "set":
      return withByte(bytes, at, number);
    case "insert":
      return Buffer.concat([bytes.subarray(0, at), change.bytes, bytes.subarray(at)]);
    case "overwrite":
      return Buffer.concat([
        bytes.subarray(0, at),
        change.bytes,
        bytes.subarray(at + change.bytes.length),
      ]);
    case "remove":
      return Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);
    case "repeat":
      if (bytes.length > repeatBytesMax) return bytes;
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(start)]);
    case "cut":
      return bytes.subarray(0, at);
    case "splice":
      return Buffer.concat([bytes.subarray(0, at), other.subarray(Math.floor(to * other.length))]);
  }
}

function withByte(bytes: Buffer, at: number, byte: number): Buffer {
  const copy = Buffer.from(bytes);
  if (at < copy.length) copy[at] = byte;
  return copy;
}
