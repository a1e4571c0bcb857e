import {
  Composer,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  Parser,
} from "yaml";
import type { SourcePosition } from "./module.js";
import type { ModuleProblem } from "./module-problem.js";
import { findTooDeep, findWrongNodes, type YamlProblem } from "./yaml-bounds.js";

/** Of a file, in characters: what is longer is no module, and would take the library long to read. */
export const yamlLengthMax: number = 256 * 1024;

/** More problems than this help nobody, and each costs time to place. */
export const problemsMax = 100;

/** Where a value is in a document: names of keys and indexes of items, from the root. */
export type YamlPath = readonly (string | number)[];

/** One document of a YAML file as plain values, with the place of each. */
export interface YamlDocument {
  readonly value: unknown;
  /**
   * The place of the value at a path, or of the deepest value on the way to it that exists: a
   * missing field is reported at the start of the object that lacks it.
   */
  locate(path: YamlPath): SourcePosition;
  /** The place of a key of the object at a path. */
  locateKey(path: YamlPath, key: string): SourcePosition;
  /** "spec.targets[1].id". An index into what is written as a single value is left out. */
  describe(path: YamlPath): string;
}

export interface YamlFile {
  /** Those that are not empty. */
  readonly documents: readonly YamlDocument[];
  readonly problems: readonly ModuleProblem[];
}

/** Reads every document of a file. A file with a problem of syntax has no documents. */
export function readYaml(file: string, text: string): YamlFile {
  if (text.length > yamlLengthMax) {
    const message = `has ${text.length} characters: expected at most ${yamlLengthMax}`;
    return { documents: [], problems: [{ position: { file }, message }] };
  }
  const lines = new LineCounter();
  const place = (offset: number): SourcePosition => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const { documents, problems } = compose(text, lines);
  const placed = problems.slice(0, problemsMax).map(
    ({ offset, message }): ModuleProblem => ({
      position: place(offset),
      message: `not valid YAML: ${firstLine(message)}`,
    }),
  );
  if (placed.length > 0) return { documents: [], problems: placed };
  const found: YamlDocument[] = [];
  for (const document of documents) {
    const opened = openDocument(document, place);
    if ("message" in opened) placed.push(opened);
    else if (opened.value !== null) found.push(opened);
  }
  return { documents: found, problems: placed };
}

function compose(
  text: string,
  lines: LineCounter,
): { readonly documents: readonly Document.Parsed[]; readonly problems: readonly YamlProblem[] } {
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  const tooDeep = findTooDeep(tokens);
  if (tooDeep !== undefined) return { documents: [], problems: [tooDeep] };
  const composer = new Composer({ uniqueKeys: false, logLevel: "error" });
  const documents = [...composer.compose(tokens)] as Document.Parsed[];
  const problems = documents.flatMap((document) => [
    ...document.errors.map(({ pos, message }) => ({ offset: pos[0], message })),
    ...findWrongNodes(document),
  ]);
  return { documents, problems };
}

function openDocument(
  document: Document.Parsed,
  place: (offset: number) => SourcePosition,
): YamlDocument | ModuleProblem {
  const at = (node: Node | null): SourcePosition => place(node?.range?.[0] ?? 0);
  try {
    const value: unknown = document.toJS();
    return {
      value,
      locate: (path) => at(walk(document, path).node),
      locateKey: (path, key) => at(keyNode(document, walk(document, path).node, key)),
      describe: (path) => describePath(path, walk(document, path).singles),
    };
  } catch (error) {
    // Too many aliases, or an alias to nothing: the only errors that appear this late.
    return { position: at(document.contents), message: `not valid YAML: ${messageOf(error)}` };
  }
}

interface Walk {
  readonly node: Node | null;
  /** Positions in the path of indexes that a single value stands for. */
  readonly singles: ReadonlySet<number>;
}

function walk(document: Document.Parsed, path: YamlPath): Walk {
  let node = resolve(document, document.contents);
  const singles = new Set<number>();
  for (const [index, step] of path.entries()) {
    if (typeof step === "number" && step === 0 && !isSeq(node)) {
      singles.add(index);
      continue;
    }
    const next = child(node, step);
    if (next === undefined) break;
    node = resolve(document, next);
  }
  return { node, singles };
}

function child(node: Node | null, step: string | number): Node | undefined {
  if (isMap(node)) {
    const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === step);
    return (pair?.value ?? pair?.key) as Node | undefined;
  }
  return isSeq(node) && typeof step === "number" ? (node.items[step] as Node) : undefined;
}

function keyNode(document: Document.Parsed, node: Node | null, key: string): Node | null {
  if (!isMap(node)) return node;
  const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
  return pair === undefined ? node : resolve(document, pair.key as Node);
}

function resolve(document: Document.Parsed, node: Node | null): Node | null {
  return isAlias(node) ? (node.resolve(document) ?? node) : node;
}

function describePath(path: YamlPath, singles: ReadonlySet<number>): string {
  let text = "";
  for (const [index, step] of path.entries()) {
    if (singles.has(index)) continue;
    if (typeof step === "number") text += `[${step}]`;
    else text += text === "" ? step : `.${step}`;
  }
  return text === "" ? "the document" : text;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The rest repeats the place and the line's text; a file that is no text would be quoted whole. */
function firstLine(message: string): string {
  const line = (message.split("\n")[0] ?? message).replace(/ at line \d+, column \d+:?$/, "");
  const printable = line.replace(/[\p{Cc}\p{Cf}\ufffd]+/gu, "?");
  return printable.length > 200 ? `${printable.slice(0, 197)}...` : printable;
}
