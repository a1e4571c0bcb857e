import fc from "fast-check";

const surrogatesStart = 0xd800;
const surrogateCount = 0x800;
const codePointsMax = 0x10ffff;

/** Any character of Unicode that stands alone. */
const character = fc
  .integer({ min: 0, max: codePointsMax - surrogateCount })
  .map((at) => String.fromCodePoint(at < surrogatesStart ? at : at + surrogateCount));

/**
 * Texts of any characters. As `fc.string({ unit: "binary" })`, which takes two seconds of each process
 * to make a table of all of them.
 */
export function unicodeText(
  lengths: { readonly minLength?: number; readonly maxLength?: number } = {},
): fc.Arbitrary<string> {
  return fc.string({ unit: character, ...lengths });
}
