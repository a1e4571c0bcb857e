import { describeBuiltIn, encodeBuiltIn, isBuiltInTypename } from "../../codec/built-in-value.js";
import { formatExactJson } from "../../codec/exact-json.js";
import { isFunctionTypeName } from "../../core/address.js";
import type { TypedValue } from "../../core/typed-value.js";
import type { FileTarget } from "../../module/module.js";
import type { RecordTemplate } from "../../module/template.js";
import { fieldAt, isConstant, renderTemplate } from "../../module/template.js";
import type { ValidRecord } from "./file-record.js";

/** A message that a record makes for one of its targets. */
export interface RoutedMessage {
  /** "namespace/type". */
  readonly typeName: string;
  readonly id: string;
  readonly message: TypedValue;
  /** Whether the function type comes from the record, not from the module file. */
  readonly isTypeFromRecord: boolean;
}

export interface RouteLimits {
  readonly idBytesMax: number;
  readonly valueBytesMax: number;
}

/**
 * The messages of one record, one per target, in order.
 * @throws Error when the record does not have what a target needs; then there are none at all.
 */
export function routeRecord(
  record: ValidRecord,
  targets: readonly FileTarget[],
  limits: RouteLimits,
): readonly RoutedMessage[] {
  return targets.map((target) => ({
    typeName: routeType(record, target.function),
    id: routeId(record, target.id, limits.idBytesMax),
    message: routeValue(record, target, limits.valueBytesMax),
    isTypeFromRecord: !isConstant(target.function),
  }));
}

function routeType(record: ValidRecord, template: RecordTemplate): string {
  const typeName = render(record, template, "function");
  if (isFunctionTypeName(typeName)) return typeName;
  throw new Error(`function ${JSON.stringify(typeName)} is not namespace/type`);
}

function routeId(record: ValidRecord, template: RecordTemplate, bytesMax: number): string {
  const id = render(record, template, "id");
  const length = Buffer.byteLength(id);
  if (length > bytesMax) throw new Error(`id of ${length} bytes exceeds idBytesMax ${bytesMax}`);
  return id;
}

function routeValue(record: ValidRecord, target: FileTarget, bytesMax: number): TypedValue {
  const value = encodeValue(record, target);
  if (value.length > bytesMax) {
    throw new Error(`value of ${value.length} bytes exceeds valueBytesMax ${bytesMax}`);
  }
  return { typename: target.valueType, value };
}

function encodeValue(record: ValidRecord, { value, valueType }: FileTarget): Uint8Array {
  if (value.kind === "record" && !isBuiltInTypename(valueType)) return record.json();
  const [content, name] = selectValue(record, value);
  if (isBuiltInTypename(valueType)) return encodeScalar(content, name, valueType);
  return new TextEncoder().encode(formatJson(content, name));
}

function formatJson(content: unknown, name: string): string {
  try {
    return formatExactJson(content);
  } catch (error) {
    throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
  }
}

/** The value itself, and what to call it in an error. */
function selectValue(record: ValidRecord, value: FileTarget["value"]): [unknown, string] {
  switch (value.kind) {
    case "record":
      return [record.value, "the record"];
    case "text":
      return [render(record, value.template, "value"), "value"];
    case "field": {
      const name = value.path.join(".");
      const field = fieldAt(record.value, value.path);
      if (field === undefined) throw new Error(`no field ${name}`);
      return [field, name];
    }
  }
}

function encodeScalar(content: unknown, name: string, typename: string): Uint8Array {
  const json = scalarJson(content, typename);
  const bytes = json === undefined ? undefined : encodeBuiltIn(typename, json);
  if (bytes !== undefined) return bytes;
  const shown = typeof content === "bigint" ? String(content) : JSON.stringify(content);
  throw new Error(`${name} is ${shown.slice(0, 100)}: expected ${describeBuiltIn(typename)}`);
}

/** What a scalar is as a value of the type, in JSON: a column's "12" is the long 12. */
function scalarJson(content: unknown, typename: string): string | undefined {
  if (content === null || typeof content === "object") return undefined;
  const text = String(content);
  return typename === "io.statefun.types/string" ? JSON.stringify(text) : text;
}

function render(record: ValidRecord, template: RecordTemplate, name: string): string {
  const text = renderTemplate(template, record.value);
  if (text !== undefined) return text;
  for (const part of template.parts) {
    if (part.kind === "field" && !isScalar(fieldAt(record.value, part.path))) {
      throw new Error(`no text or number in field ${part.path.join(".")}, which ${name} needs`);
    }
  }
  throw new Error(`a field that ${name} needs is missing`);
}

function isScalar(value: unknown): boolean {
  return value !== null && value !== undefined && typeof value !== "object";
}
