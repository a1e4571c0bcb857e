import type { FileIngressSpec, FileTarget } from "../../src/module/module.js";
import { parseTemplate, type RecordTemplate } from "../../src/module/template.js";

export function templateOf(text: string): RecordTemplate {
  const template = parseTemplate(text);
  if (typeof template === "string") throw new Error(`${text} ${template}`);
  return template;
}

/** A target that takes the whole record, unless `value` names a field. */
export function targetOf(
  functionText: string,
  idText: string,
  value: { readonly field?: string; readonly text?: string; readonly type?: string } = {},
): FileTarget {
  return {
    function: templateOf(functionText),
    id: templateOf(idText),
    valueType: value.type ?? "test/record",
    value: targetValue(value),
  };
}

function targetValue(value: {
  readonly field?: string;
  readonly text?: string;
}): FileTarget["value"] {
  if (value.field !== undefined) return { kind: "field", path: value.field.split(".") };
  if (value.text !== undefined) return { kind: "text", template: templateOf(value.text) };
  return { kind: "record" };
}

export function fileIngressSpec(
  spec: Partial<FileIngressSpec> & Pick<FileIngressSpec, "path">,
): FileIngressSpec {
  return {
    kind: "statewire.file.v1/ingress",
    source: { file: "module.yaml", line: 1, column: 1 },
    id: "test/file",
    format: { kind: "ndjson" },
    follow: false,
    invalidRecords: "fail",
    targets: [targetOf("test/sink", "{id}")],
    ...spec,
  };
}

export const csvFormat = { kind: "csv", delimiter: ",", quote: '"', columns: null } as const;
