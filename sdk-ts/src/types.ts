import type { StandardSchemaV1 } from "@standard-schema/spec";
import { copyBytes } from "#bytes";
import {
  boolType,
  doubleType,
  floatType,
  intType,
  longType,
  safeLongType,
  stringType,
} from "./built-in-types.js";
import { jsonType, type ReversibleSchema } from "./json-type.js";
import { messageType, type ProtoCodec, type SimpleCodec } from "./message-type.js";
import { type Type, validateTypename } from "./type.js";

/**
 * JSON in UTF-8 under a typename of yours. With a Standard Schema (zod, valibot, arktype, ...)
 * every value is validated when it is decoded and when it is encoded, and `T` is the schema's;
 * without one, name `T` yourself.
 *
 *     types.json("shop/add", z.object({ item: z.string() }))
 *     types.json<Add>("shop/add")
 */
function json<const Name extends string, S extends StandardSchemaV1>(
  typename: Name,
  schema: S & ReversibleSchema<S>,
): Type<StandardSchemaV1.InferOutput<S>, Name>;
function json<T = never>(typename: string, schema?: StandardSchemaV1<unknown, NoInfer<T>>): Type<T>;
function json<T>(typename: string, schema?: StandardSchemaV1<unknown, T>): Type<T> {
  return jsonType(typename, schema);
}

/**
 * A protobuf message with the code that ts-proto generated for it. StateFun's convention for the
 * typename is "type.googleapis.com/full.name.of.Message".
 */
function tsProto<const Name extends string, T>(
  typename: Name,
  codec: ProtoCodec<T>,
): Type<T, Name> {
  return messageType(typename, codec);
}

/** Bytes as they are. They are copied: a value is yours, before as after. */
function bytes<const Name extends string>(typename: Name): Type<Uint8Array, Name> {
  return { typename: validateTypename(typename), encode: copy, decode: copy };
}

/** A type of your own: two functions between a value and its bytes. */
function simple<const Name extends string, T>(
  typename: Name,
  codec: SimpleCodec<T>,
): Type<T, Name> {
  return messageType(typename, codec);
}

function copy(value: Uint8Array): Uint8Array {
  if (!(value instanceof Uint8Array)) {
    throw new TypeError(`expected a Uint8Array, received ${typeof value}`);
  }
  return copyBytes(value);
}

/** The types of messages, state, egress records and replies. */
export const types = {
  /** `boolean`; StateFun's bool. */
  bool: boolType,
  /** `number`, a 32-bit signed integer; StateFun's int. */
  int: intType,
  /** `bigint` of 64 bits; StateFun's long. */
  long: longType,
  /** `number`, a safe integer; the same name and bytes as `long`. */
  safeLong: safeLongType,
  /** `number`, rounded to 32 bits; StateFun's float. */
  float: floatType,
  /** `number`; StateFun's double. */
  double: doubleType,
  /** `string`; StateFun's string. */
  string: stringType,
  json,
  tsProto,
  bytes,
  simple,
} as const;
