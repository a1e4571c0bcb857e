import * as z from "zod";
import { isFunctionTypeName } from "../core/address.js";
import {
  boolean,
  componentId,
  field,
  object,
  oneOf,
  path,
  template,
  text,
  typename,
  waitFor,
} from "./field.js";
import {
  type CsvFormat,
  type FileEgressSpec,
  type FileIngressSpec,
  type FileTarget,
  type FileTargetValue,
  fileTargetsMax,
  type RecordFormat,
  type StdoutEgressSpec,
} from "./module.js";
import type { SchemaContext } from "./schema-context.js";
import { isConstant, type RecordTemplate, type TemplatePart } from "./template.js";

/** The schema of a statewire.file.v1/ingress spec. */
export function fileIngressSchema(
  context: SchemaContext,
): z.ZodType<Omit<FileIngressSpec, "source">> {
  const listExpected = "expected a list of {function, id, valueType}";
  return object({
    id: componentId,
    path: path(context.resolvePath),
    format: oneOf("ndjson", "json", "csv"),
    csv: csvSchema.optional(),
    follow: boolean.default(false),
    invalidRecords: oneOf("fail", "skip").default("fail"),
    targets: z
      .array(targetSchema, { error: `is missing or not a list: ${listExpected}` })
      .min(1, `is an empty list: ${listExpected}`)
      .max(fileTargetsMax, `is too long: expected at most ${fileTargetsMax} targets`),
  })
    .superRefine(({ format, csv, follow, targets }, issues) => {
      const refuse = (key: string, message: string) =>
        issues.addIssue({ code: "custom", message, path: [key] });
      if (format === "json" && follow) {
        refuse("follow", "is true: expected false with format json, whose array has an end");
      }
      if (format !== "csv" && csv !== undefined) {
        refuse("csv", `is given: expected it only with format csv, not ${format}`);
      }
      if (format === "csv") checkColumns(csv ?? csvDefaults, targets, issues);
    })
    .transform(({ id, path, format, csv, follow, invalidRecords, targets }) => ({
      kind: "statewire.file.v1/ingress" as const,
      id,
      path,
      format: format === "csv" ? (csv ?? csvDefaults) : { kind: format },
      follow,
      invalidRecords,
      targets: format === "csv" ? targets.map(withColumnNames) : targets,
    }));
}

/** The schema of a statewire.file.v1/egress spec. */
export function fileEgressSchema(
  context: SchemaContext,
): z.ZodType<Omit<FileEgressSpec, "source">> {
  return object({ id: componentId, path: path(context.resolvePath), waitFor, ...formatShape })
    .superRefine(checkFormat)
    .transform((spec) => ({
      kind: "statewire.file.v1/egress" as const,
      id: spec.id,
      path: spec.path,
      format: toRecordFormat(spec),
      waitFor: spec.waitFor,
    }));
}

/** The schema of a statewire.stdout.v1/egress spec. */
export function stdoutEgressSchema(): z.ZodType<Omit<StdoutEgressSpec, "source">> {
  return object({ id: componentId, waitFor, ...formatShape })
    .superRefine(checkFormat)
    .transform((spec) => ({
      kind: "statewire.stdout.v1/egress" as const,
      id: spec.id,
      format: toRecordFormat(spec),
      waitFor: spec.waitFor,
    }));
}

const csvDefaults: CsvFormat = { kind: "csv", delimiter: ",", quote: '"', columns: null };

const character = field("one character that is not a line break", (value) =>
  typeof value === "string" && [...value].length === 1 && !/[\r\n]/.test(value) ? value : undefined,
);

const csvSchema: z.ZodType<CsvFormat> = object({
  delimiter: character.default(csvDefaults.delimiter),
  quote: character.default(csvDefaults.quote),
  columns: z
    .array(text("the name of a column"), { error: "is not a list: expected names of columns" })
    .min(1, "is an empty list: expected names of columns")
    .optional(),
})
  .superRefine(({ delimiter, quote, columns = [] }, context) => {
    if (delimiter === quote) {
      const message = `is ${JSON.stringify(quote)}: expected another character than delimiter`;
      context.addIssue({ code: "custom", message, path: ["quote"] });
    }
    const again = columns.find((name, at) => columns.indexOf(name) < at);
    if (again === undefined) return;
    const message = `names ${again} twice: expected names that differ`;
    context.addIssue({ code: "custom", message, path: ["columns"] });
  })
  .transform(({ columns, ...csv }) => ({ kind: "csv" as const, ...csv, columns: columns ?? null }));

const functionTemplate = template(
  '"namespace/type", with fields of the record in braces or without',
  (parsed) => {
    const sample = parsed.parts.map((part) => (part.kind === "text" ? part.text : "x")).join("");
    // A field may hold the slash; how it turns out is seen with each record.
    if (isFunctionTypeName(sample) || (!isConstant(parsed) && !/[/*]/.test(sample))) return;
    return 'expected "namespace/type", with fields of the record in braces or without';
  },
);

const valueTemplate = template('a field such as "{delay}"', (parsed) =>
  isConstant(parsed)
    ? 'it names no field: expected one in braces, such as "{delay}", or no value at all for the whole record'
    : undefined,
);

const targetSchema: z.ZodType<FileTarget> = object({
  function: functionTemplate,
  id: template('an id, with fields of the record in braces, such as "{origin}-{destination}"'),
  valueType: typename,
  value: valueTemplate.optional(),
}).transform(({ value, ...target }) => ({ ...target, value: toTargetValue(value) }));

function toTargetValue(value: RecordTemplate | undefined): FileTargetValue {
  if (value === undefined) return { kind: "record" };
  const [first, ...others] = value.parts;
  return first?.kind === "field" && others.length === 0
    ? { kind: "field", path: first.path }
    : { kind: "text", template: value };
}

/** Where the columns are named, no record has any other field. */
function checkColumns(
  { columns }: CsvFormat,
  targets: readonly FileTarget[],
  issues: z.RefinementCtx<unknown>,
): void {
  if (columns === null) return;
  for (const [at, target] of targets.map(withColumnNames).entries()) {
    const used = { function: target.function.parts, id: target.id.parts, value: partsOf(target) };
    for (const [key, parts] of Object.entries(used)) {
      for (const part of parts) {
        const [name = ""] = part.kind === "field" ? part.path : [];
        if (part.kind === "text" || columns.includes(name)) continue;
        const message = `names the field ${name}: expected one of csv.columns: ${columns.join(", ")}`;
        issues.addIssue({ code: "custom", message, path: ["targets", at, key] });
      }
    }
  }
}

function partsOf({ value }: FileTarget): readonly TemplatePart[] {
  if (value.kind === "record") return [];
  return value.kind === "text" ? value.template.parts : [value];
}

/** A column's name may hold dots: a record of CSV has one level, so they separate nothing. */
function withColumnNames(target: FileTarget): FileTarget {
  return {
    ...target,
    function: joinPaths(target.function),
    id: joinPaths(target.id),
    value: columnValue(target.value),
  };
}

function columnValue(value: FileTargetValue): FileTargetValue {
  switch (value.kind) {
    case "record":
      return value;
    case "field":
      return { kind: "field", path: [value.path.join(".")] };
    case "text":
      return { kind: "text", template: joinPaths(value.template) };
  }
}

function joinPaths({ text, parts }: RecordTemplate): RecordTemplate {
  const joined = parts.map((part) =>
    part.kind === "field" ? { kind: "field" as const, path: [part.path.join(".")] } : part,
  );
  return { text, parts: joined };
}

const outputFields = ["value", "typename", "sequence", "source.type", "source.id"];

const outputTemplate = template(
  'text with fields in braces, such as "{source.id}: {value}"',
  (parsed) => {
    for (const part of parsed.parts) {
      if (part.kind === "text" || part.path[0] === "value") continue;
      const name = part.path.join(".");
      if (outputFields.includes(name)) continue;
      return `it has no field "${name}"; valid: ${outputFields.join(", ")}, value.NAME`;
    }
    return isConstant(parsed) ? `it has no field; valid: ${outputFields.join(", ")}` : undefined;
  },
);

const formatShape = {
  format: oneOf("ndjson", "raw", "template").default("ndjson"),
  separator: field("text", (value) => (typeof value === "string" ? value : undefined)).optional(),
  template: outputTemplate.optional(),
};

interface WrittenFormat {
  readonly format: "ndjson" | "raw" | "template";
  readonly separator?: string | undefined;
  readonly template?: RecordTemplate | undefined;
}

function checkFormat(
  { format, separator, template: written }: WrittenFormat,
  issues: z.RefinementCtx<WrittenFormat>,
): void {
  const refuse = (key: string, message: string) =>
    issues.addIssue({ code: "custom", message, path: [key] });
  if (format === "template" && written === undefined) {
    refuse("template", 'is missing: expected text with fields, such as "{source.id}: {value}"');
  }
  if (format !== "template" && written !== undefined) {
    refuse("template", `is given: expected it only with format template, not ${format}`);
  }
  if (format !== "raw" && separator !== undefined) {
    refuse("separator", `is given: expected it only with format raw, not ${format}`);
  }
}

function toRecordFormat({ format, separator, template: written }: WrittenFormat): RecordFormat {
  if (written !== undefined) return { kind: "template", template: written };
  return format === "raw" ? { kind: "raw", separator: separator ?? "\n" } : { kind: "ndjson" };
}
