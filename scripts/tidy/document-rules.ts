import { posix } from "node:path";
import { lineAt, type Rule, sourcesOf, type Workspace } from "./workspace.js";

/** Words that sell, promise later work, or say nothing. Each is matched whole, in any case. */
const bannedWords: readonly string[] = [
  "blazing",
  "blazingly",
  "bulletproof",
  "cutting-edge",
  "effortless",
  "effortlessly",
  "enterprise-grade",
  "game-changer",
  "leverage",
  "lightning-fast",
  "next-generation",
  "seamless",
  "seamlessly",
  "state-of-the-art",
  "supercharge",
  "world-class",
  "fixme",
  "todo",
  "xxx",
];

/** The rules and their planted violations name what they forbid. */
const rulesFolder = "scripts/tidy/";

const banned = new RegExp(`\\b(${bannedWords.join("|")})\\b|\\p{Emoji_Presentation}`, "giu");

const specificationPath = "protos/PROTOCOL.md";

/** Every link of a document leads to a file, and to a heading where it names one. */
export const linksResolve: Rule = (workspace) =>
  documentsOf(workspace).flatMap((path) => {
    const text = withoutCode(workspace.get(path) ?? "");
    return [...text.matchAll(/\]\(([^()\s]+)\)/g)].flatMap(({ 1: link = "", index }) =>
      resolves(workspace, path, link) ? [] : [`${path}:${lineAt(text, index)}: dead link ${link}`],
    );
  });

/** Text says what is, in plain words. */
export const wordsArePlain: Rule = (workspace) =>
  [...workspace].flatMap(([path, text]) => {
    if (path.startsWith(rulesFolder) || path === "package-lock.json" || path === "LICENSE")
      return [];
    return [...text.matchAll(banned)].map(
      ({ 0: word, index }) => `${path}:${lineAt(text, index)}: banned word ${word}`,
    );
  });

/** A clause of the protocol that code cites is one that the specification has. */
export const citedClausesExist: Rule = (workspace) => {
  const specification = workspace.get(specificationPath) ?? "";
  const defined = new Set(
    [...specification.matchAll(/^- \*\*\[([A-Z]+-\d+)\]\*\* /gm)].map(([, id = ""]) => id),
  );
  const groups = new Set([...defined].map((id) => id.split("-")[0]));
  const citing = sourcesOf(workspace).filter((path) => !path.startsWith(rulesFolder));
  return citing.flatMap((path) => {
    const text = workspace.get(path) ?? "";
    return [...text.matchAll(/\b([A-Z]+)-\d+\b/g)]
      .filter(({ 0: id, 1: group }) => groups.has(group) && !defined.has(id))
      .map(
        ({ 0: id, index }) => `${path}:${lineAt(text, index)}: ${specificationPath} has no ${id}`,
      );
  });
};

/** The lock file names versions and checksums, not the registry of whoever wrote it. */
export const lockFileNamesNoHost: Rule = (workspace) => {
  const text = workspace.get("package-lock.json") ?? "";
  return [...text.matchAll(/"resolved": "https?:[^"]*"/g)].map(
    ({ 0: found, index }) => `package-lock.json:${lineAt(text, index)}: ${found}`,
  );
};

function documentsOf(workspace: Workspace): readonly string[] {
  return [...workspace.keys()].filter((path) => path.endsWith(".md"));
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```|`[^`\n]*`/gm, (code) => code.replaceAll(/[^\n]/g, " "));
}

function resolves(workspace: Workspace, from: string, link: string): boolean {
  if (/^[a-z]+:/.test(link)) return true;
  const [file = "", heading] = link.split("#");
  const path = file === "" ? from : posix.join(posix.dirname(from), file).replace(/\/$/, "");
  const exists =
    workspace.has(path) || [...workspace.keys()].some((name) => name.startsWith(`${path}/`));
  if (!exists || heading === undefined) return exists;
  return headingsOf(workspace.get(path) ?? "").includes(heading);
}

/** The anchors of headings, as code hosts make them. */
function headingsOf(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
