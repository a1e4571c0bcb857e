import { resolve } from "node:path";
import { ModuleError, type ModuleProblem } from "./module-problem.js";
import { type ModuleText, type ParsedModule, parseModule } from "./parse-module.js";
import { readYamlText } from "./yaml-text.js";

/**
 * Reads module files from disk as one module. Names of files are relative to the working directory.
 * @throws ModuleError when a file cannot be read, or with every problem of every file.
 */
export function loadModule(files: readonly string[], workingDirectory = "."): ParsedModule {
  const problems: ModuleProblem[] = [];
  const texts: ModuleText[] = [];
  for (const file of files) {
    try {
      texts.push({ file, text: readYamlText(resolve(workingDirectory, file)) });
    } catch (error) {
      problems.push({ position: { file }, message: reasonOf(error) });
    }
  }
  if (problems.length > 0) throw new ModuleError(problems);
  return parseModule(texts, workingDirectory);
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "ENOENT":
      return "no such file";
    case "EISDIR":
      return "is a directory";
    case "EACCES":
      return "permission to read it is denied";
    default:
      return `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}
