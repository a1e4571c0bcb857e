import type { TypeDefinition } from "@statewire/protos/statewire/v1/stream.js";
import { ProtocolViolation } from "./protocol-violation.js";

const definitionsMax = 65_536;
const namePartBytesMax = 255;

/**
 * The type indexes of one stream: the function table from 1 on, then what the runtime defined.
 * Entry i of the table (from 0) has index i + 1; index 0 is no type.
 */
export class TypeIndex {
  readonly #tableSize: number;
  // By type index. `function` is the table position (from 0) that serves the type, or -1.
  readonly #types: { readonly typeName: string; readonly function: number }[];
  readonly #indexByName = new Map<string, number>();

  constructor(table: readonly string[]) {
    this.#tableSize = table.length;
    this.#types = [{ typeName: "", function: -1 }];
    for (const [position, typeName] of table.entries()) {
      // A wildcard's own index stands for no function type: nothing can be invoked or sent by it.
      this.#types.push({ typeName, function: isWildcard(typeName) ? -1 : position });
      this.#indexByName.set(typeName, position + 1);
    }
  }

  /** @throws ProtocolViolation TABLE-6, TABLE-7, TABLE-8 or TABLE-10. */
  define(definition: TypeDefinition): void {
    const { index, typeName, entry } = definition;
    if (index !== this.#types.length) {
      throw new ProtocolViolation(
        "TABLE-6",
        `type definition of index ${index}, expected ${this.#types.length}`,
      );
    }
    if (index > this.#tableSize + definitionsMax) {
      throw new ProtocolViolation("TABLE-10", `more than ${definitionsMax} type definitions`);
    }
    if (!isFunctionType(typeName) || this.#indexByName.has(typeName)) {
      throw new ProtocolViolation(
        "TABLE-7",
        `type definition of "${typeName}", expected a namespace/type without an index`,
      );
    }
    const wildcard = this.#indexByName.get(`${namespaceOf(typeName)}/*`) ?? 0;
    if (entry !== wildcard) {
      throw new ProtocolViolation(
        "TABLE-8",
        `type definition of "${typeName}" names entry ${entry}, expected ${wildcard}`,
      );
    }
    this.#types.push({ typeName, function: wildcard - 1 });
    this.#indexByName.set(typeName, index);
  }

  /** The index of a function type; 0 when the stream has none. */
  indexOf(typeName: string): number {
    return this.#indexByName.get(typeName) ?? 0;
  }

  /** The table position of the function that serves an index; -1 when none does. */
  functionOf(index: number): number {
    return this.#types[index]?.function ?? -1;
  }

  /** "namespace/type" of an index that {@link isFunctionType} holds for. */
  typeNameOf(index: number): string {
    return this.#types[index]?.typeName ?? "";
  }

  /** Whether an index stands for one function type: not for none, nor for a wildcard. */
  isFunctionType(index: number): boolean {
    const type = this.#types[index];
    return type !== undefined && index > 0 && !isWildcard(type.typeName);
  }
}

function isWildcard(typeName: string): boolean {
  return typeName.endsWith("/*");
}

function namespaceOf(typeName: string): string {
  return typeName.slice(0, typeName.indexOf("/"));
}

function isFunctionType(typeName: string): boolean {
  const parts = typeName.split("/");
  return parts.length === 2 && parts.every(isNamePart) && parts[1] !== "*";
}

function isNamePart(part: string): boolean {
  return part.length > 0 && Buffer.byteLength(part) <= namePartBytesMax;
}
