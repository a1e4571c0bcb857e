import { parseExactJson } from "../codec/exact-json.js";
import { formatTypedValue, formatValueMembers, plainValue } from "../codec/typed-value-text.js";
import type { OutboxRecord } from "../core/outbox.js";
import type { RecordFormat } from "../module/module.js";
import { fieldAt, type RecordTemplate } from "../module/template.js";

/** One line of JSON, without its line end: {"sequence","typename","value" or "base64"}. */
export function formatRecordJson(record: OutboxRecord): string {
  const { sequence, typename } = record;
  const head = `"sequence":${sequence},"typename":${JSON.stringify(typename)}`;
  return `{${head},${formatValueMembers(record)}}`;
}

/** The bytes of records in a file or on standard output, one after the other. */
export function encodeRecords(records: readonly OutboxRecord[], format: RecordFormat): Buffer {
  switch (format.kind) {
    case "ndjson":
      return Buffer.from(records.map((record) => `${formatRecordJson(record)}\n`).join(""));
    case "raw": {
      const separator = Buffer.from(format.separator);
      return Buffer.concat(records.flatMap((record) => [plainValue(record).bytes, separator]));
    }
    case "template":
      return Buffer.from(
        records.map((record) => `${renderRecord(format.template, record)}\n`).join(""),
      );
  }
}

/**
 * A field that the record does not have is empty, an object or array its JSON: a record that the
 * template's author did not think of must not stop the ones behind it.
 */
function renderRecord(template: RecordTemplate, record: OutboxRecord): string {
  const fields = recordFields(record);
  return template.parts
    .map((part) => (part.kind === "text" ? part.text : fieldText(fields, part.path)))
    .join("");
}

function recordFields(record: OutboxRecord): unknown {
  const { typename, sequence, sourceType, sourceId } = record;
  const value = formatTypedValue(record);
  const source = { type: sourceType.name, id: sourceId };
  if (value.kind === "absent") return { typename, sequence, source };
  const content = value.kind === "json" ? parseExactJson(value.text) : value.text;
  return { value: content, typename, sequence, source };
}

function fieldText(fields: unknown, path: readonly string[]): string {
  const value = fieldAt(fields, path);
  if (value === undefined || value === null) return "";
  if (typeof value !== "object") return String(value);
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === "bigint" ? String(member) : member,
  );
}
