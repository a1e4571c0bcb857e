import type { StandardSchemaV1 } from "@standard-schema/spec";
import { decodeUtf8, encodeUtf8 } from "#bytes";
import { type Type, validateTypename } from "./type.js";

/**
 * A schema whose output it takes back as input. A schema that transforms (text to a date, say) is
 * not one: what it decoded could not be encoded again.
 */
export type ReversibleSchema<S extends StandardSchemaV1> =
  StandardSchemaV1.InferOutput<S> extends StandardSchemaV1.InferInput<S> ? S : never;

/** JSON under a typename, in UTF-8, checked by a Standard Schema when there is one. */
export function jsonType<T, Name extends string>(
  typename: Name,
  schema: StandardSchemaV1<unknown, T> | undefined,
): Type<T, Name> {
  return {
    typename: validateTypename(typename),
    encode(value) {
      const checked = schema === undefined ? value : validateSync(schema, value);
      const text = JSON.stringify(checked) as string | undefined;
      if (text === undefined) {
        throw new TypeError(`a ${typeof checked} has no JSON form`);
      }
      return encodeUtf8(text);
    },
    decode(bytes) {
      const text = decodeUtf8(bytes);
      if (text === undefined) {
        throw new TypeError(`${bytes.length} bytes of JSON are not UTF-8`);
      }
      const parsed: unknown = JSON.parse(text);
      // Without a schema the caller vouches for T, as JSON.parse's users do.
      return schema === undefined ? (parsed as T) : validateSync(schema, parsed);
    },
  };
}

function validateSync<T>(schema: StandardSchemaV1<unknown, T>, value: unknown): T {
  const result = schema["~standard"].validate(value);
  if (result instanceof Promise) {
    throw new TypeError(
      "the schema validates asynchronously; messages and state need a synchronous one",
    );
  }
  if (result.issues !== undefined) {
    throw new TypeError(result.issues.map(describeIssue).join("; "));
  }
  return result.value;
}

function describeIssue(issue: StandardSchemaV1.Issue): string {
  const path = issue.path?.map((segment) =>
    String(typeof segment === "object" ? segment.key : segment),
  );
  return path === undefined || path.length === 0
    ? issue.message
    : `${path.join(".")}: ${issue.message}`;
}
