import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { formatVersion } from "../codec/table-layout.js";
import { StoreError } from "./store-error.js";

/**
 * The file that says in which format a data directory is, as digits: before anything of it is read
 * in a format that it may not have. Made before everything else of a new directory.
 *
 * @throws StoreError FORMAT_UNKNOWN
 */
export function assertFormat(directory: string, tables: string): void {
  const path = join(directory, "format");
  if (!existsSync(path)) {
    if (!existsSync(tables)) {
      writeFormat(directory, path);
      return;
    }
    throw unknown(`data directory ${directory} has no file format: its format is older`);
  }
  const text = readFileSync(path, "latin1").trim();
  if (text === String(formatVersion)) return;
  const found = /^\d{1,9}$/.test(text) ? text : JSON.stringify(text.slice(0, 40));
  throw unknown(`data directory ${directory} has format ${found}`);
}

function unknown(what: string): StoreError {
  return new StoreError("FORMAT_UNKNOWN", `${what}; this version reads ${formatVersion}`);
}

/** Durable when it returns: without it the directory would be taken for an older one. */
function writeFormat(directory: string, path: string): void {
  const temporary = `${path}.tmp`;
  const file = openSync(temporary, "w");
  try {
    writeSync(file, `${formatVersion}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  const parent = openSync(directory, "r");
  try {
    fsyncSync(parent);
  } finally {
    closeSync(parent);
  }
}
