import { ModuleError } from "../module/module-problem.js";
import { SettingsError } from "../settings.js";

/** Why a verb did not do what it was asked to. */
export class CommandError extends Error {
  /** "failed": it was tried. "usage": the command line or a setting is wrong, nothing was tried. */
  readonly code: "failed" | "usage";
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
  const isUsage =
    error instanceof SettingsError || (error instanceof CommandError && error.code === "usage");
  return isUsage ? exitCode.usage : exitCode.failed;
}

/** The exit codes of every verb. */
export const exitCode = { done: 0, failed: 1, usage: 2 } as const;
