/**
 * An address is (namespace, type, id). "namespace/type" is the function type's name; it holds
 * exactly one "/". The id may hold any character, "/" included.
 */
export interface Address {
  /** "namespace/type". */
  readonly typeName: string;
  readonly id: string;
}

/** Largest namespace or type, in UTF-16 code units. */
export const nameLengthMax = 255;

/** Whether the text is "namespace/type", neither of them empty or "*". */
export function isFunctionTypeName(text: string): boolean {
  const slash = text.indexOf("/");
  if (slash <= 0 || slash > nameLengthMax) return false;
  const length = text.length - slash - 1;
  if (length <= 0 || length > nameLengthMax) return false;
  return text.indexOf("/", slash + 1) === -1 && !text.includes("*");
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
