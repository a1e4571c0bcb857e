import type { SourcePosition } from "./module.js";

/** A file as a whole, as the user named it. */
export interface WholeFile {
  readonly file: string;
}

/** One thing that is wrong in a module file, and where. */
export interface ModuleProblem {
  readonly position: SourcePosition | WholeFile;
  /** What is written there and what would be valid. Never holds the text of a secret. */
  readonly message: string;
}

/** The module files cannot be used. Holds every problem of every file, not only the first. */
export class ModuleError extends Error {
  readonly problems: readonly ModuleProblem[];

  constructor(problems: readonly ModuleProblem[]) {
    super(problems.map(formatProblem).join("\n"));
    this.name = "ModuleError";
    this.problems = problems;
  }
}

/** "module.yaml:12:5: spec.address is missing: expected ...", as compilers print it. */
export function formatProblem(problem: ModuleProblem): string {
  return `${formatPosition(problem.position)}: ${problem.message}`;
}

/** "module.yaml:12:5", or "module.yaml". */
export function formatPosition(position: SourcePosition | WholeFile): string {
  if (!("line" in position)) return position.file;
  return `${position.file}:${position.line}:${position.column}`;
}
