import { dirname, resolve } from "node:path";
import type * as z from "zod";
import { BindingRegister } from "./binding-register.js";
import { cut, describeValue, shownKeys, unknownKey } from "./field.js";
import { ignoresUnknownKeys, schemaOfKind, schemasByKind, type UnplacedSpec } from "./kinds.js";
import type { EgressSpec, EndpointSpec, IngressSpec, Module, SourcePosition } from "./module.js";
import { ModuleError, type ModuleProblem } from "./module-problem.js";
import { suggestName } from "./nearest-name.js";
import type { ConnectorSpec } from "./statefun/connectors.js";
import { isLegacyModule, splitLegacyModule } from "./statefun/legacy-module.js";
import { fieldAt } from "./template.js";
import { findUncoveredTargets, type PlacedIngress } from "./uncovered-targets.js";
import { problemsMax, readYaml, type YamlDocument, type YamlPath } from "./yaml-document.js";

/** The text of one module file. */
export interface ModuleText {
  /** As the user named it: how messages call it. Relative paths in the text start at its folder. */
  readonly file: string;
  readonly text: string;
}

/** A module that can be run. */
export interface ParsedModule {
  readonly module: Module;
  /** What is legal and perhaps not meant, in order of place. */
  readonly warnings: readonly ModuleProblem[];
}

type Component = EndpointSpec | IngressSpec | EgressSpec | ConnectorSpec;

/**
 * Reads module files as one module. Names of files are relative to the working directory.
 * @throws ModuleError with every problem of every file, or when there is nothing in them.
 */
export function parseModule(files: readonly ModuleText[], workingDirectory = "."): ParsedModule {
  const problems: ModuleProblem[] = [];
  const warnings: ModuleProblem[] = [];
  const register = new BindingRegister();
  const components: Component[] = [];
  const ingresses: PlacedIngress[] = [];
  let isComplete = true;
  for (const { file, text } of files) {
    const yaml = readYaml(file, text);
    problems.push(...yaml.problems);
    isComplete &&= yaml.problems.length === 0;
    if (yaml.problems.length === 0 && yaml.documents.length === 0) {
      warnings.push({ position: { file }, message: emptyFile });
    }
    const before = problems.length;
    const documents = yaml.documents.flatMap((document) =>
      isLegacyModule(document) ? splitLegacyModule(document, problems) : [document],
    );
    isComplete &&= problems.length === before;
    for (const document of documents) {
      const folder = dirname(resolve(workingDirectory, file));
      const component = parseComponent(document, folder, { problems, warnings });
      isComplete &&= component !== undefined;
      if (component === undefined) continue;
      components.push(component);
      if (isIngress(component)) ingresses.push({ ingress: component, document });
      problems.push(...register.add(component, document));
    }
  }
  if (components.length === 0) problems.push(...warnings);
  // What is missing may be in a document that could not be read.
  if (isComplete) problems.push(...register.unbound());
  if (problems.length > 0) throw new ModuleError(problems.slice(0, problemsMax));
  const module = {
    endpoints: components.filter(isEndpoint),
    ingresses: components.filter(isIngress),
    egresses: components.filter(isEgress),
    connectors: components.filter(isConnector),
  };
  warnings.push(...module.connectors.map(cannotRun));
  warnings.push(...findUncoveredTargets(ingresses, module.endpoints));
  return { module, warnings };
}

const emptyFile = "holds nothing: expected documents of {kind, spec}";

function isEndpoint(component: Component): component is EndpointSpec {
  return "functions" in component;
}

function isIngress(component: Component): component is IngressSpec {
  return component.kind.endsWith("/ingress") && !isConnector(component);
}

function isEgress(component: Component): component is EgressSpec {
  return component.kind.endsWith("/egress") && !isConnector(component);
}

function isConnector(component: Component): component is ConnectorSpec {
  return /^io\.statefun\.(kafka|kinesis)\./.test(component.kind);
}

function cannotRun({ kind, id, source }: ConnectorSpec): ModuleProblem {
  const message = `${kind} ${id} is valid, and this version of statewire cannot run it`;
  return { position: source, message };
}

function parseComponent(
  document: YamlDocument,
  folder: string,
  { problems, warnings }: Findings,
): Component | undefined {
  const refuse = (position: SourcePosition, message: string): undefined => {
    problems.push({ position, message });
  };
  const root = document.locate([]);
  if (!isObject(document.value)) {
    return refuse(root, `the document ${describeValue(document.value)}: expected {kind, spec}`);
  }
  const unknown = Object.keys(document.value).filter((key) => key !== "kind" && key !== "spec");
  for (const key of shownKeys(unknown)) {
    const message = `the document ${unknownKey(key, ["kind", "spec"])}`;
    refuse(document.locateKey([], key), message);
  }
  const { kind, spec } = document.value;
  const position = document.locate(["kind"]);
  if (typeof kind !== "string") {
    return refuse(position, `kind ${describeValue(kind)}: expected one of ${kindNames.join(", ")}`);
  }
  const schema = schemaOfKind(kind);
  if (schema === undefined) return refuse(position, kindProblem(kind));
  const context = { resolvePath: (path: string) => resolve(folder, path) };
  const result = schema(context).safeParse(spec);
  if (result.success) return placed(result.data, position);
  const { issues } = result.error;
  const found = issues.flatMap((issue) => toProblems(issue, document));
  if (ignoresUnknownKeys(kind) && issues.every(({ code }) => code === "unrecognized_keys")) {
    warnings.push(...found.map(asIgnored));
    const known = schema(context).safeParse(withoutUnknownKeys(spec, issues));
    if (known.success) return placed(known.data, position);
    problems.push(...known.error.issues.flatMap((issue) => toProblems(issue, document)));
    return undefined;
  }
  problems.push(...found);
  return undefined;
}

interface Findings {
  readonly problems: ModuleProblem[];
  readonly warnings: ModuleProblem[];
}

function asIgnored({ position, message }: ModuleProblem): ModuleProblem {
  return { position, message: `${message}; it has no effect, as in StateFun` };
}

function withoutUnknownKeys(spec: unknown, issues: readonly z.core.$ZodIssue[]): unknown {
  const copy = structuredClone(spec);
  for (const issue of issues) {
    if (issue.code !== "unrecognized_keys") continue;
    const at = fieldAt(copy, issue.path.map(String));
    if (isObject(at)) for (const key of issue.keys) Reflect.deleteProperty(at, key);
  }
  return copy;
}

const kindNames = Object.keys(schemasByKind);

function kindProblem(kind: string): string {
  return `kind ${cut(kind)} is unknown${suggestName(kind, kindNames)}`;
}

function toProblems(issue: z.core.$ZodIssue, document: YamlDocument): ModuleProblem[] {
  const path: YamlPath = ["spec", ...issue.path.filter((step) => typeof step !== "symbol")];
  if (issue.code === "unrecognized_keys" && issue.keys.length > 0) {
    const messages = issue.message.split(", and ");
    return shownKeys(issue.keys).map((key, index) => ({
      position: document.locateKey(path, key),
      message: `${document.describe(path)} ${messages[index] ?? issue.message}`,
    }));
  }
  return [
    { position: document.locate(path), message: `${document.describe(path)} ${issue.message}` },
  ];
}

function placed(spec: UnplacedSpec, source: SourcePosition): Component {
  return { ...spec, source } as Component;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
