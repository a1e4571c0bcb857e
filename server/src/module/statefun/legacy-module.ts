import { describeValue } from "../field.js";
import type { ModuleProblem } from "../module-problem.js";
import type { YamlDocument, YamlPath } from "../yaml-document.js";

/** StateFun 3.0's names of kinds. Others stand as they are. */
const kinds: ReadonlyMap<unknown, string> = new Map([
  ["http", "io.statefun.endpoints.v1/http"],
  ["io.statefun.kafka/ingress", "io.statefun.kafka.v1/ingress"],
  ["io.statefun.kafka/egress", "io.statefun.kafka.v1/egress"],
  ["io.statefun.kinesis/ingress", "io.statefun.kinesis.v1/ingress"],
  ["io.statefun.kinesis/egress", "io.statefun.kinesis.v1/egress"],
]);

const sections = [
  { list: "endpoints", item: "endpoint", kind: "kind" },
  { list: "ingresses", item: "ingress", kind: "type" },
  { list: "egresses", item: "egress", kind: "type" },
] as const;

/** Whether a document is a whole module in the format of StateFun 3.0. */
export function isLegacyModule({ value }: YamlDocument): boolean {
  return isObject(value) && Object.hasOwn(value, "module") && Object.hasOwn(value, "version");
}

/**
 * The components of a module in the format of StateFun 3.0, each as the document of {kind, spec} that it would
 * be now; places are those of the file.
 */
export function splitLegacyModule(
  document: YamlDocument,
  problems: ModuleProblem[],
): readonly YamlDocument[] {
  const refuse = (path: YamlPath, expected: string): void => {
    const written = describeValue(valueAt(document.value, path));
    const message = `${document.describe(path)} ${written}: expected ${expected}`;
    problems.push({ position: document.locate(path), message });
  };
  const version = String(valueAt(document.value, ["version"]));
  if (version !== "3.0" && version !== "3") {
    refuse(["version"], '"3.0"; newer modules are documents of {kind, spec}');
    return [];
  }
  const type = ["module", "meta", "type"];
  if (valueAt(document.value, type) !== "remote") refuse(type, '"remote"');
  return sections.flatMap((section) => {
    const path = ["module", "spec", section.list];
    const list = valueAt(document.value, path);
    if (list === undefined || list === null) return [];
    if (Array.isArray(list))
      return list.map((_, at) => componentAt(document, [...path, at], section));
    refuse(path, "a list");
    return [];
  });
}

function componentAt(
  document: YamlDocument,
  path: YamlPath,
  { item, kind }: (typeof sections)[number],
): YamlDocument {
  const root = [...path, item];
  const kindPath = [...root, "meta", kind];
  const idPath = [...root, "meta", "id"];
  const written = valueAt(document.value, kindPath);
  const spec = valueAt(document.value, [...root, "spec"]);
  const id = item === "endpoint" ? {} : { id: valueAt(document.value, idPath) };
  const pathOf = ([first, second, ...rest]: YamlPath): YamlPath => {
    if (first === "kind") return kindPath;
    if (item !== "endpoint" && first === "spec" && second === "id") return [...idPath, ...rest];
    return [...root, ...[first, second].filter((step) => step !== undefined), ...rest];
  };
  return {
    value: {
      kind: kinds.get(written) ?? written,
      spec: isObject(spec) ? { ...spec, ...id } : spec,
    },
    locate: (at) => document.locate(pathOf(at)),
    locateKey: (at, key) => document.locateKey(pathOf(at), key),
    describe: (at) => document.describe(pathOf(at)),
  };
}

function valueAt(value: unknown, path: YamlPath): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Readonly<Record<string | number, unknown>>)[step];
  }
  return at;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
