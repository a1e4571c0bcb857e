import type { FunctionSpec, TypeDefinition } from "@statewire/protos/statewire/v1/stream.js";
import type { Verdict } from "./verdict.js";

/** The type indexes of one stream, as a server keeps them. */
export class ServerTypes {
  readonly #table: readonly FunctionSpec[];
  readonly #names: string[] = [""];
  /** By index: the position in the table of the entry that serves it; -1: none does. */
  readonly #entries: number[] = [-1];

  constructor(table: readonly FunctionSpec[]) {
    this.#table = table;
    table.forEach(({ typeName }, entry) => {
      this.#names.push(typeName);
      this.#entries.push(entry);
    });
  }

  define({ index, typeName, entry }: TypeDefinition, verdict: Verdict): void {
    const next = this.#names.length;
    verdict.check(index === next, `type ${typeName} gets index ${index}, not ${next} [TABLE-6]`);
    verdict.check(!this.#names.includes(typeName), `type ${typeName} has an index [TABLE-7]`);
    this.#names.push(typeName);
    this.#entries.push(entry - 1);
  }

  /** The type of an invocation, and the entry that serves it. */
  target(
    index: number,
    verdict: Verdict,
  ): { readonly typeName: string; readonly spec: FunctionSpec } {
    const typeName = this.#names[index] ?? "";
    const spec = this.#table[this.#entries[index] ?? -1];
    if (spec === undefined) verdict.fail(`an invocation of type index ${index}, ${typeName}`);
    const exact = this.#table.find((entry) => entry.typeName === typeName);
    verdict.check(exact === undefined || exact === spec, `${typeName} has an entry of its own`);
    return { typeName, spec };
  }

  /** 0: the stream has no index for the type. */
  indexOf(typeName: string): number {
    return Math.max(0, this.#names.indexOf(typeName));
  }
}
