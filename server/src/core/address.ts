/**
 * An address is (namespace, type, id). "namespace/type" is the function type's name; it holds
 * exactly one "/". The id may hold any character, "/" included.
 */
export interface Address {
  /** "namespace/type". */
  readonly typeName: string;
  readonly id: string;
}

/** Largest namespace or type, in bytes of UTF-8. [TABLE-2] */
export const nameBytesMax = 255;

/** Whether the text is "namespace/type", neither of them empty or "*". */
export function isFunctionTypeName(text: string): boolean {
  const slash = text.indexOf("/");
  if (slash <= 0 || slash === text.length - 1) return false;
  if (text.indexOf("/", slash + 1) !== -1 || text.includes("*")) return false;
  // No character has more than three bytes per code unit: short names need no counting.
  if (text.length * 3 <= nameBytesMax) return true;
  return utf8Bytes(text, 0, slash) <= nameBytesMax && utf8Bytes(text, slash + 1) <= nameBytesMax;
}

/** Whether the text is "namespace/type" or "namespace/*". */
export function isFunctionTypePattern(text: string): boolean {
  if (!text.endsWith("/*")) return isFunctionTypeName(text);
  return isFunctionTypeName(`${text.slice(0, -1)}x`);
}

/** Whether a pattern ("namespace/type" or "namespace/*") covers a function type. */
export function covers(pattern: string, typeName: string): boolean {
  if (!pattern.endsWith("/*")) return pattern === typeName;
  return typeName.startsWith(pattern.slice(0, -1));
}

/** "namespace/type/id", as people type it. */
export function formatAddress(address: Address): string {
  return `${address.typeName}/${address.id}`;
}

/** The reverse of formatAddress: splits at the second "/". Undefined when the syntax is wrong. */
export function parseAddress(text: string): Address | undefined {
  const first = text.indexOf("/");
  const second = first < 0 ? -1 : text.indexOf("/", first + 1);
  if (second < 0) return undefined;
  const typeName = text.slice(0, second);
  return isFunctionTypeName(typeName) ? { typeName, id: text.slice(second + 1) } : undefined;
}

function utf8Bytes(text: string, start: number, end = text.length): number {
  let bytes = 0;
  for (let at = start; at < end; at++) {
    const unit = text.charCodeAt(at);
    // A surrogate is half of a character of four bytes.
    if (unit < 0x80) bytes += 1;
    else bytes += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 2 : 3;
  }
  return bytes;
}
