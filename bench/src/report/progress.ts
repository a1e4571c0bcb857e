import process from "node:process";

/** Says what is being done in one line of a terminal; says nothing anywhere else. */
export interface Progress {
  show(text: string): void;
  /** Leaves the line empty, before something else is printed. */
  clear(): void;
}

/** Progress on standard error, so that standard output holds the tables alone. */
export function createProgress(): Progress {
  if (!process.stderr.isTTY) return { show: () => undefined, clear: () => undefined };
  const rewrite = (text: string): void => {
    process.stderr.write(`\r\u001b[2K${text.slice(0, process.stderr.columns - 1)}`);
  };
  return { show: rewrite, clear: () => rewrite("") };
}
