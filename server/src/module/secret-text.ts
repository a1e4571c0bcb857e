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

  /** The text with `x` for each reference: for checking its form without its secrets. */
  get outline(): string {
    return this.#parts.map((part) => (typeof part === "string" ? part : "x")).join("");
  }

  get references(): readonly SecretReference[] {
    return this.#parts.filter((part) => typeof part !== "string");
  }

  /**
   * The text with every reference replaced. A file's last line feed is not part of the secret.
   * @throws Error when a variable is not set or a file cannot be read; it names the reference only.
   */
  reveal(environment: Readonly<Record<string, string | undefined>>): string {
    return this.#parts.map((part) => resolvePart(part, environment)).join("");
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

function resolvePart(
  part: Part,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  if (typeof part === "string") return part;
  if (part.kind === "file") return readFileSync(part.path, "utf8").replace(/\r?\n$/, "");
  const value = environment[part.name];
  if (value === undefined) throw new Error(`environment variable ${part.name} is not set`);
  return value;
}

/** What parseSecretText() reads, for error messages. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: it shows what to write.
export const secretSyntax = "text with secrets as ${VARIABLE} or ${file:PATH}";

/** Where a secret may not stand, for error messages. */
export const secretByReference =
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it shows what to write.
  "a secret stands in no module file; write it as ${VARIABLE} or ${file:PATH}";

/**
 * Reads text with `${NAME}` (an environment variable) and `${file:PATH}` in it; `$$` is a dollar.
 * @returns The text, or undefined when a reference is not closed or names nothing.
 */
export function parseSecretText(
  written: string,
  resolvePath: (path: string) => string,
): SecretText | undefined {
  const parts: Part[] = [];
  let at = 0;
  for (const match of written.matchAll(/\$\$|\$\{([^}]*)(\}?)/g)) {
    if (match.index > at) parts.push(written.slice(at, match.index));
    at = match.index + match[0].length;
    if (match[0] === "$$") {
      parts.push("$");
      continue;
    }
    const reference = parseReference(match[1] ?? "", resolvePath);
    if (reference === undefined || match[2] === "") return undefined;
    parts.push(reference);
  }
  if (at < written.length) parts.push(written.slice(at));
  return new SecretText(written, parts);
}

function parseReference(
  name: string,
  resolvePath: (path: string) => string,
): SecretReference | undefined {
  if (name.startsWith("file:")) {
    const path = name.slice("file:".length);
    return path === "" ? undefined : { kind: "file", path: resolvePath(path) };
  }
  return /^[A-Za-z_]\w*$/.test(name) ? { kind: "environment", name } : undefined;
}
