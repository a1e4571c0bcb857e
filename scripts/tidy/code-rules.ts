import { maskSource } from "./mask.js";
import { isTest, lineAt, type Rule, sourcesOf, type Workspace } from "./workspace.js";

const functionLinesMax = 70;
const fileLinesMax = 500;

/** Pure code: it runs the same way each time, so time and chance enter as data. */
const pureFolder = /^(server\/src\/core|sdk-ts\/src\/session)\//;
const impure =
  /\b(async|await|Promise|Date|setTimeout|setInterval|setImmediate|queueMicrotask|performance)\b|\bMath\.random\b/g;

const vagueName = /(^|\/)(utils?|helpers?|common|misc|types|base|manager)(\/|\.ts$)/;

/** The pure folders are synchronous, and know neither clock nor chance. */
export const pureCodeIsPure: Rule = (workspace) =>
  findInCode(workspace, impure, "does not belong in pure code").filter(
    (violation) => pureFolder.test(violation) && !violation.includes(".test.ts:"),
  );

/** A file is named for what it holds. */
export const namesSaySomething: Rule = (workspace) =>
  sourcesOf(workspace)
    .filter((path) => vagueName.test(path) && path !== "sdk-ts/src/types.ts")
    .map((path) => `${path}: the name does not say what is inside`);

/** A file can be read in one sitting. */
export const filesAreShort: Rule = (workspace) =>
  sourcesOf(workspace).flatMap((path) => {
    const lines = (workspace.get(path) ?? "").trimEnd().split("\n").length;
    return lines > fileLinesMax ? [`${path}: ${lines} lines exceed ${fileLinesMax}`] : [];
  });

/** A function fits on a screen. The callback of describe() is a chapter, not a function. */
export const functionsAreShort: Rule = (workspace) =>
  sourcesOf(workspace).flatMap((path) => {
    const { code } = maskSource(workspace.get(path) ?? "");
    return findBodies(code).flatMap(({ start, end }) => {
      const lines = code.slice(start, end).split("\n").length;
      if (lines <= functionLinesMax) return [];
      const where = `${path}:${lineAt(code, start)}`;
      return [`${where}: a function of ${lines} lines exceeds ${functionLinesMax}`];
    });
  });

/** What is known has a type. */
export const nothingIsAny: Rule = (workspace) =>
  findInCode(workspace, /(?<![.\w"'])any(?![\w(:?"'])/g, "says nothing");

/** The compiler is obeyed. */
export const compilerIsObeyed: Rule = (workspace) =>
  sourcesOf(workspace).flatMap((path) => {
    const { comments } = maskSource(workspace.get(path) ?? "");
    return [...comments.matchAll(/@ts-(ignore|nocheck)/g)].map(
      ({ 0: found, index }) => `${path}:${lineAt(comments, index)}: ${found}`,
    );
  });

/** Every test runs. */
export const everyTestRuns: Rule = (workspace) =>
  findInCode(workspace, /\b(describe|context|it|specify)\.(only|skip)\(/g, "leaves tests out");

/** Tests wait for what happens, not for time to pass. To look again every few milliseconds is waiting. */
export const testsDoNotSleep: Rule = (workspace) =>
  findInCode(workspace, /\bsleep\(|\bsetTimeout\(\s*\w+,\s*\d[\d_]{2,}\s*\)/g, "sleeps").filter(
    (violation) => isTest(violation.split(":")[0] ?? ""),
  );

function findInCode(workspace: Workspace, pattern: RegExp, reason: string): readonly string[] {
  return sourcesOf(workspace).flatMap((path) => {
    const { code } = maskSource(workspace.get(path) ?? "");
    return [...code.matchAll(pattern)].map(
      ({ 0: found, index }) => `${path}:${lineAt(code, index)}: ${found.trim()} ${reason}`,
    );
  });
}

interface Body {
  readonly start: number;
  readonly end: number;
}

/** The braces of functions, methods and arrow functions. */
function findBodies(code: string): readonly Body[] {
  const open: number[] = [];
  const bodies: Body[] = [];
  for (const { 0: brace, index } of code.matchAll(/[{}]/g)) {
    if (brace === "{") {
      open.push(index);
      continue;
    }
    const start = open.pop();
    if (start !== undefined && isBody(code, start)) bodies.push({ start, end: index + 1 });
  }
  return bodies;
}

function isBody(code: string, brace: number): boolean {
  const before = code.slice(Math.max(0, brace - 2_000), brace).trimEnd();
  if (/\b(describe|context)\("[^"]*",\s*(function\s*)?\(\)\s*(=>)?$/.test(before)) return false;
  if (before.endsWith("=>")) return true;
  const head = /(\w+)\s*(?:<[^()]*>)?\([^()]*(?:\([^()]*\)[^()]*)*\)(?:\s*:\s*[^;{}=]+)?$/.exec(
    before,
  );
  return head !== null && !/^(if|for|while|switch|catch|with)$/.test(head[1] ?? "");
}
