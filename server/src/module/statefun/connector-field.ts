import * as z from "zod";
import { isFunctionTypeName } from "../../core/address.js";
import { describeValue, field, object, oneOrMore, typename } from "../field.js";
import type { ClientProperties } from "./connectors.js";

/** Of a union of objects that their `type` tells apart: says which there are. */
export function unknownType(...types: string[]): { error: z.core.$ZodErrorMap } {
  const choices = `${types.slice(0, -1).join(", ")} or ${types.at(-1)}`;
  return {
    error: ({ input }) => {
      const isWritten = typeof input === "object" && input !== null;
      const written = isWritten ? Reflect.get(input, "type") : input;
      return `has a type that ${describeValue(written)}: expected ${choices}`;
    },
  };
}

/** An object of {type}, and nothing else. */
export function typeOnly<Type extends string>(type: Type) {
  return object({ type: z.literal(type) });
}

/** A list of objects with one key each. A value may be a secret. */
export const clientProperties: z.ZodType<ClientProperties> = z
  .array(
    field(
      "an object with one key, whose value is a text, a number or true or false",
      (value): readonly [string, string] | undefined => {
        const entries = entriesOf(value);
        const [entry] = entries;
        if (entry === undefined || entries.length > 1) return undefined;
        const [key, written] = entry;
        const isScalar = ["string", "number", "boolean"].includes(typeof written);
        return isScalar ? [key, String(written)] : undefined;
      },
      { secret: true },
    ),
    { error: ({ input }) => `${describeValue(input)}: expected a list of objects with one key` },
  )
  .default([])
  .transform((entries) => new Map(entries));

/** The one key and value of an object. */
export function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return Object.entries(value);
}

const target = field('"namespace/type"', (value) =>
  typeof value === "string" && isFunctionTypeName(value) ? value : undefined,
);

/** What topics and streams have in common. */
export const routingShape = { valueType: typename, targets: oneOrMore(target) };

/** Of a list of topics or streams, by their names: at least one, none twice. */
export function checkNames(
  noun: "topic" | "stream",
  names: readonly string[],
  context: z.RefinementCtx,
): void {
  if (names.length === 0) context.addIssue(`is an empty list: expected at least one ${noun}`);
  for (const [index, name] of names.entries()) {
    if (names.indexOf(name) === index) continue;
    const message = `is ${JSON.stringify(name)} for the second time`;
    context.addIssue({ code: "custom", message, path: [index, noun] });
  }
}

const datePattern = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3}) ([+-]\d\d)(\d\d)$/;

/** Milliseconds since the Unix epoch, of "yyyy-MM-dd HH:mm:ss.SSS Z". */
export const date: z.ZodType<number> = field(
  'a date such as "2026-01-31 13:00:00.000 +0100"',
  (value) => {
    const [, day, time, hours, minutes] = datePattern.exec(String(value)) ?? [];
    const dateMs = Date.parse(`${day}T${time}${hours}:${minutes}`);
    return Number.isNaN(dateMs) ? undefined : dateMs;
  },
);
