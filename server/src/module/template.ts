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

/**
 * Reads a template.
 * @returns The template, or what is wrong with the text.
 */
export function parseTemplate(text: string): RecordTemplate | string {
  const parts: TemplatePart[] = [];
  let literal = "";
  let at = 0;
  while (at < text.length) {
    const character = text.charAt(at);
    if ((character === "{" || character === "}") && text.charAt(at + 1) === character) {
      literal += character;
      at += 2;
    } else if (character === "}") {
      return 'has a "}" without "{" ("}}" is the character)';
    } else if (character === "{") {
      const end = text.indexOf("}", at);
      if (end < 0) return 'has a "{" without "}" ("{{" is the character)';
      const name = text.slice(at + 1, end);
      const path = name.split(".");
      if (name.includes("{") || path.includes("")) return `has no name of a field in "{${name}}"`;
      if (literal !== "") parts.push({ kind: "text", text: literal });
      literal = "";
      parts.push({ kind: "field", path });
      at = end + 1;
    } else {
      literal += character;
      at += 1;
    }
  }
  if (literal !== "") parts.push({ kind: "text", text: literal });
  return { text, parts };
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
