import { ModuleError } from "../module/module-problem.js";
import { SettingsError } from "../settings.js";

/** Why a verb did not do what it was asked to. */
export class CommandError extends Error {
  /**
   * "failed": it was tried. "usage": the command line or a setting is wrong, nothing was tried.
   * "fenced": another node has the checkpoint lineage, so trying again is no use.
   */
  readonly code: "failed" | "usage" | "fenced";
  /** Whether the log says already what happened. */
  readonly isLogged: boolean;

  constructor(
    code: CommandError["code"],
    message: string,
    options: ErrorOptions & { readonly isLogged?: boolean } = {},
  ) {
    super(message, options);
    this.name = "CommandError";
    this.code = code;
    this.isLogged = options.isLogged ?? false;
  }
}

/** What an error of a verb says to the user, a line each; nothing when the log says it already. */
export function problemsOf(error: unknown): readonly string[] {
  if (error instanceof SettingsError) return error.problems;
  if (error instanceof CommandError && error.isLogged) return [];
  if (error instanceof CommandError || error instanceof ModuleError)
    return error.message.split("\n");
  // Nobody foresaw it: the stack is what helps.
  return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
}

/** The exit code that an error of a verb stands for. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof SettingsError) return exitCode.usage;
  return error instanceof CommandError ? exitCode[error.code] : exitCode.failed;
}

/** The exit codes of every verb. */
export const exitCode = { done: 0, failed: 1, usage: 2, fenced: 3 } as const;

/** What this code and its libraries throw for people has a code or a name of its own. */
const bugNames = ["Error", "TypeError", "RangeError", "ReferenceError", "SyntaxError"];

/** Whether nobody foresaw an error, so that its stack is what helps. */
export function isBug(error: Error): boolean {
  return bugNames.includes(error.name) && !("code" in error);
}
