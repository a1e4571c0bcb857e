/**
 * Text with fields of a record in it: "{origin}-{destination}". A field is a path of names from
 * the record down; "{{" and "}}" are braces as such.
 */
export interface RecordTemplate {
  /** As the user wrote it. */
  readonly text: string;
  readonly parts: readonly TemplatePart[];
}

export type TemplatePart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "field"; readonly path: readonly string[] };

/** Whether the template is the same for every record. */
export function isConstant(template: RecordTemplate): boolean {
  return template.parts.every((part) => part.kind === "text");
}

/**
 * The template's text for one record: strings as they are, numbers and booleans as JSON writes
 * them. Undefined when a field is missing, null, an object or an array.
 */
export function renderTemplate(template: RecordTemplate, record: unknown): string | undefined {
  let result = "";
  for (const part of template.parts) {
    const text = part.kind === "text" ? part.text : scalarText(fieldAt(record, part.path));
    if (text === undefined) return undefined;
    result += text;
  }
  return result;
}

/** The value at a path of own property names or array indexes; undefined when there is none. */
export function fieldAt(record: unknown, path: readonly string[]): unknown {
  let value = record;
  for (const name of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) {
      return undefined;
    }
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return value;
}

function scalarText(value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
    case "boolean":
    case "bigint":
      return String(value);
    default:
      return undefined;
  }
}
