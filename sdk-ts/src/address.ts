import { utf8Length } from "#bytes";
import { StatewireError } from "./errors.js";

/**
 * The name of one function instance. Instances are virtual: an address exists by being named.
 */
export interface Address {
  /** 1 to 255 bytes, without "/". */
  readonly namespace: string;
  /** 1 to 255 bytes, without "/". `namespace/type` is the function type. */
  readonly type: string;
  /** The instance; any string, the empty one included. */
  readonly id: string;
}

/** A function type: both parts, and their joined spelling. */
export interface TypeName {
  readonly namespace: string;
  readonly type: string;
}

const namePartBytesMax = 255;

/**
 * Names an instance of a function type, for example `address("shop/cart", "alice")`.
 *
 * @throws StatewireError `invalid-declaration` when the type is not "namespace/type".
 */
export function address(typeName: string, id: string): Address {
  const { namespace, type } = parseTypeName(typeName);
  return { namespace, type, id };
}

/** Spells an address as `namespace/type/id`, for people. */
export function formatAddress(target: Address): string {
  return `${target.namespace}/${target.type}/${target.id}`;
}

/** What joinTypeName() has joined last. */
let joined = { namespace: "", type: "", typeName: "/" };

/**
 * "namespace/type". The same parts again, as most sends have them, give the same string: a new one
 * would have to be copied together and hashed before anybody finds it in a map.
 */
export function joinTypeName({ namespace, type }: TypeName): string {
  if (joined.namespace !== namespace || joined.type !== type) {
    joined = { namespace, type, typeName: `${namespace}/${type}` };
  }
  return joined.typeName;
}

/**
 * Splits "namespace/type".
 *
 * @throws StatewireError `invalid-declaration` when there is not exactly one "/" between two parts
 * of 1 to 255 bytes each.
 */
export function parseTypeName(typeName: string): TypeName {
  const slash = typeName.indexOf("/");
  const namespace = typeName.slice(0, slash);
  const type = typeName.slice(slash + 1);
  if (slash === -1 || type.includes("/") || !isNamePart(namespace) || !isNamePart(type)) {
    throw new StatewireError(
      "invalid-declaration",
      `function type "${typeName}" is not "namespace/type" with two parts of 1 to 255 bytes`,
    );
  }
  return { namespace, type };
}

function isNamePart(part: string): boolean {
  return part.length > 0 && utf8Length(part) <= namePartBytesMax;
}
