import { covers } from "../core/address.js";
import type { FunctionSpec } from "../core/command.js";
import type { FunctionType } from "../core/function-type.js";

/** A type index that this stream gives to a type outside its table. [TABLE-5] */
export interface TypeDefinition {
  readonly index: number;
  readonly typeName: string;
  /** The index of the wildcard entry that serves it; 0: it only calls. */
  readonly entry: number;
}

/**
 * The type indexes of one stream: table entries from 1, then definitions. Both directions use them.
 */
export class StreamTypes {
  readonly #functions: readonly FunctionSpec[];
  readonly #indexes = new Map<string, number>();
  /** By index; undefined for 0 and wildcard entries. */
  readonly #names: (string | undefined)[] = [undefined];
  #definitions: TypeDefinition[] = [];

  constructor(functions: readonly FunctionSpec[]) {
    this.#functions = functions;
    for (const { pattern } of functions) {
      const isWildcard = pattern.endsWith("/*");
      if (!isWildcard) this.#indexes.set(pattern, this.#names.length);
      this.#names.push(isWildcard ? undefined : pattern);
    }
  }

  /** How many indexes there are. */
  get count(): number {
    return this.#names.length - 1;
  }

  /** The type's index; a new one is defined by the frame that is being written. */
  indexOf(type: FunctionType): number {
    return this.#indexes.get(type.name) ?? this.#define(type.name);
  }

  /** The type's name; undefined for an index that is not assigned or stands for a wildcard. */
  nameOf(index: number): string | undefined {
    return this.#names[index];
  }

  /** Definitions made since the last call, in order of index. */
  takeDefinitions(): readonly TypeDefinition[] {
    const definitions = this.#definitions;
    if (definitions.length > 0) this.#definitions = [];
    return definitions;
  }

  #define(typeName: string): number {
    const index = this.#names.length;
    const wildcard = this.#functions.findIndex(
      ({ pattern }) => pattern.endsWith("/*") && covers(pattern, typeName),
    );
    this.#indexes.set(typeName, index);
    this.#names.push(typeName);
    this.#definitions.push({ index, typeName, entry: wildcard + 1 });
    return index;
  }
}
