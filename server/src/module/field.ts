import * as z from "zod";
import { isFunctionTypeName, isFunctionTypePattern } from "../core/address.js";
import { isTypename } from "../core/typed-value.js";
import { durationSyntax, parseDuration } from "./duration.js";
import { nearestName, suggestName } from "./nearest-name.js";
import type { RecordTemplate } from "./template.js";
import { parseTemplate } from "./template.js";

/** What is wrong with a value, as a message after the value's name. */
export class Refusal {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

/**
 * The schema of one value.
 * `expected` says what is valid, in the words that follow "expected".
 * `read` returns the value, undefined when it is not what is expected, or why it is refused.
 * `secret`: the message about a wrong value does not repeat it.
 */
export function field<T extends NonNullable<unknown>>(
  expected: string,
  read: (value: unknown) => T | Refusal | undefined,
  options: { readonly secret?: boolean } = {},
): z.ZodType<T> {
  return z.unknown().transform((value, context) => {
    const result = value === undefined ? undefined : read(value);
    if (result !== undefined && !(result instanceof Refusal)) return result;
    const message = result instanceof Refusal ? result.message : `expected ${expected}`;
    const shown = options.secret === true ? "is not valid" : describeValue(value);
    context.issues.push({ code: "custom", message: `${shown}: ${message}`, input: value });
    return z.NEVER;
  });
}

/** An object with these keys and no other. */
export function object<Shape extends z.ZodRawShape>(
  shape: Shape,
): z.ZodObject<Shape, z.core.$strict> {
  const keys = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code === "unrecognized_keys") {
        return shownKeys(issue.keys)
          .map((key) => unknownKey(key, keys))
          .join(", and ");
      }
      return `${describeValue(issue.input)}: expected an object with ${keys.join(", ")}`;
    },
  });
}

/** Of the keys that an object may not have, those that there are messages about. */
export function shownKeys(keys: readonly string[]): readonly string[] {
  return keys.slice(0, 20);
}

/** The message about one key that an object may not have. */
export function unknownKey(key: string, keys: readonly string[]): string {
  return `has the unknown key ${cut(JSON.stringify(key))}${suggestName(key, keys)}`;
}

/** One value or a list of them; never empty, no two the same. */
export function oneOrMore(item: z.ZodType<string>): z.ZodType<readonly string[]> {
  const list = z.array(item, { error: "expected a value or a list of values" });
  return z
    .unknown()
    .transform((value) =>
      Array.isArray(value) || value === undefined ? (value ?? [undefined]) : [value],
    )
    .pipe(list)
    .superRefine((items, context) => {
      if (items.length === 0) context.addIssue("is an empty list: expected at least one value");
      const seen = new Set<string>();
      for (const [index, text] of items.entries()) {
        if (!seen.has(text)) {
          seen.add(text);
          continue;
        }
        const message = `is ${JSON.stringify(text)} for the second time`;
        context.addIssue({ code: "custom", message, path: [index] });
      }
    });
}

export const text = (expected: string): z.ZodType<string> =>
  field(expected, (value) => (typeof value === "string" && value !== "" ? value : undefined));

export const boolean: z.ZodType<boolean> = field("true or false", (value) =>
  typeof value === "boolean" ? value : undefined,
);

export function oneOf<const Choice extends string>(...choices: Choice[]): z.ZodType<Choice> {
  const expected = `${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`;
  return field(expected, (value) => {
    const choice = choices.find((name) => name === value);
    if (choice !== undefined || typeof value !== "string") return choice;
    const nearest = nearestName(value, choices);
    return nearest === undefined
      ? undefined
      : new Refusal(`expected ${expected}; did you mean ${JSON.stringify(nearest)}?`);
  });
}

export function wholeNumber(bounds: {
  readonly min: number;
  readonly max: number;
}): z.ZodType<number> {
  return field(`a whole number from ${bounds.min} to ${bounds.max}`, (value) =>
    Number.isSafeInteger(value) && within(value as number, bounds) ? (value as number) : undefined,
  );
}

export function numberWithin(bounds: {
  readonly min: number;
  readonly max: number;
}): z.ZodType<number> {
  return field(`a number from ${bounds.min} to ${bounds.max}`, (value) =>
    typeof value === "number" && within(value, bounds) ? value : undefined,
  );
}

/** A duration of at least 1 ms, at most `maxMs`. */
export function duration(maxMs: number): z.ZodType<number> {
  return field(durationSyntax, (value) => {
    const durationMs = parseDuration(value);
    if (durationMs === undefined || within(durationMs, { min: 1, max: maxMs })) return durationMs;
    return new Refusal(`expected ${durationSyntax}, from 1 ms to ${maxMs} ms`);
  });
}

export const functionPattern: z.ZodType<string> = field(
  '"namespace/type" or "namespace/*"',
  (value) => (typeof value === "string" && isFunctionTypePattern(value) ? value : undefined),
);

/** The id of an ingress or egress. */
export const componentId: z.ZodType<string> = field('"namespace/name"', (value) =>
  typeof value === "string" && isFunctionTypeName(value) ? value : undefined,
);

export const typename: z.ZodType<string> = field(
  'a typename such as "io.statefun.types/string" or "my.types/Order"',
  (value) => (typeof value === "string" && isTypename(value) ? value : undefined),
);

/** A file's path, relative to the module file's folder. */
export function path(resolvePath: (path: string) => string): z.ZodType<string> {
  return field("the path of a file", (value) =>
    typeof value === "string" && value !== "" ? resolvePath(value) : undefined,
  );
}

/** A template; `check` returns what else is wrong with it, or undefined. */
export function template(
  expected: string,
  check: (template: RecordTemplate) => string | undefined = () => undefined,
): z.ZodType<RecordTemplate> {
  return field(expected, (value) => {
    if (isUnquotedTemplate(value)) {
      const quoted = JSON.stringify(`{${Object.keys(value)[0]}}`);
      return new Refusal(`YAML reads this as an object; quote the template: ${quoted}`);
    }
    if (typeof value !== "string" && typeof value !== "number") return;
    const parsed = parseTemplate(String(value));
    if (typeof parsed === "string") return new Refusal(`it ${parsed}`);
    const problem = check(parsed);
    return problem === undefined ? parsed : new Refusal(problem);
  });
}

/** `is "abc"`, `is missing`: how messages begin. */
export function describeValue(value: unknown): string {
  if (value === undefined) return "is missing";
  return `is ${cut(JSON.stringify(value) ?? String(value))}`;
}

/** What is written, as much of it as a message has room for. */
export function cut(written: string): string {
  return written.length > 80 ? `${written.slice(0, 77)}...` : written;
}

function within(value: number, bounds: { readonly min: number; readonly max: number }): boolean {
  return value >= bounds.min && value <= bounds.max;
}

/** `id: {origin}` in YAML is the object {origin: null}. */
function isUnquotedTemplate(value: unknown): value is Record<string, null> {
  if (typeof value !== "object" || value === null) return false;
  const values = Object.values(value);
  return values.length === 1 && values[0] === null;
}

/** What every egress may say: what its records wait for. */
export const waitFor = oneOf("local", "checkpoint").default("local");
