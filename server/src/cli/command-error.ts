/** Why a verb did not do what it was asked to. */
export class CommandError extends Error {
  /**
   * "failed": it was tried. "usage": the command line or a setting is wrong, nothing was tried.
   * "logged": it was tried, and the log says already what happened.
   */
  readonly code: "failed" | "usage" | "logged";

  constructor(code: CommandError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CommandError";
    this.code = code;
  }
}

/** The exit codes of every verb. */
export const exitCode = { done: 0, failed: 1, usage: 2 } as const;
