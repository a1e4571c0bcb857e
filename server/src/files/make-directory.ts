import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Creates a directory and those above it. Returns those that it made, the outermost first. Node's own recursive mkdir never returns where the system
 * says that nothing can be created in a directory that is there, as under /proc.
 *
 * @throws Error of the system, with its code, when it cannot be created or is no directory.
 */
export function makeDirectory(path: string): readonly string[] {
  try {
    mkdirSync(path);
    return [path];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && statSync(path).isDirectory()) return [];
    const parent = dirname(path);
    if (code !== "ENOENT" || existsSync(parent)) throw error;
    const made = makeDirectory(parent);
    mkdirSync(path);
    return [...made, path];
  }
}
