import { readFileSync } from "node:fs";
import { inspect } from "node:util";

/** A reference to a value that is kept outside the module file. */
export type SecretReference =
  | { readonly kind: "environment"; readonly name: string }
  | { readonly kind: "file"; readonly path: string };

type Part = string | SecretReference;

/**
 * Text with references to secrets. Printing, logging or serialising it shows the references, never
 * what they stand for; only reveal() gives the text.
 */
export class SecretText {
  readonly #written: string;
  readonly #parts: readonly Part[];

  constructor(written: string, parts: readonly Part[]) {
    this.#written = written;
    this.#parts = parts;
  }

  get references(): readonly SecretReference[] {
    return this.#parts.filter((part) => typeof part !== "string");
  }

  /**
   * The text with every reference replaced. A file's last line feed is not part of the secret.
   * @throws Error when a variable is not set or a file cannot be read; it names the reference only.
   */
  reveal(environment: Readonly<Record<string, string | undefined>>): string {
    return this.#parts.map((part) => valueOf(part, environment)).join("");
  }

  toString(): string {
    return this.#written;
  }

  toJSON(): string {
    return this.#written;
  }

  [inspect.custom](): string {
    return this.#written;
  }
}

function valueOf(part: Part, environment: Readonly<Record<string, string | undefined>>): string {
  if (typeof part === "string") return part;
  if (part.kind === "file") return readFileSync(part.path, "utf8").replace(/\r?\n$/, "");
  const value = environment[part.name];
  if (value === undefined) throw new Error(`environment variable ${part.name} is not set`);
  return value;
}
