import { dirname } from "node:path";
import { makeDirectory } from "../files/make-directory.js";
import { StoreError } from "./store-error.js";
import { systemDisk } from "./system-disk.js";

/**
 * Creates a data directory and those above it, to stay: their names are durable.
 * @throws StoreError WRITE_FAILED, naming the setting.
 */
export function createDataDirectory(directory: string): void {
  try {
    for (const made of makeDirectory(directory)) systemDisk.syncNames(dirname(made));
  } catch (cause) {
    const why = `cannot create data directory ${directory} (dataDir, --data-dir): ${reasonOf(cause)}`;
    throw new StoreError("WRITE_FAILED", why, { cause });
  }
}

function reasonOf(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  return code === "ENOTDIR" || code === "EEXIST" ? "a part of this path is a file" : message;
}
