/** The simulation has seen something that must not be. */
export class Violation extends Error {
  override readonly name = "Violation";
}

/**
 * The first thing that went wrong. A check may be called from within the system, which handles
 * errors in its own ways: so it is kept here as well as thrown.
 */
export class Verdict {
  #problem: Error | null = null;

  get problem(): Error | null {
    return this.#problem;
  }

  /** Ends the run with a violation. */
  fail(message: string): never {
    const problem = new Violation(message);
    this.#problem ??= problem;
    throw problem;
  }

  /** Ends the run with an error that nothing planned for. */
  broke(error: unknown): void {
    this.#problem ??= error instanceof Error ? error : new Error(String(error));
  }

  check(condition: boolean, message: string | (() => string)): void {
    if (!condition) this.fail(typeof message === "string" ? message : message());
  }
}
