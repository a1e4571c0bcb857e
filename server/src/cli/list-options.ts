import { InvalidArgumentError } from "commander";
import { formatLogLine } from "./logger.js";
import { note, type Terminal } from "./terminal.js";

/** What one page of the node's answer holds. The node allows no more than 1000. */
export const pageSize = 1000;

/** Entries that a list prints when nothing is said. */
export const limitDefault = 100;

/** Reads --limit. */
export function readLimit(written: string): number {
  if (/^[1-9]\d{0,8}$/.test(written)) return Number(written);
  throw new InvalidArgumentError("Expected a whole number from 1.");
}

/** Says something beside the data: as a line of the log for who has the data read by a program. */
export function remark(
  terminal: Terminal,
  text: string,
  { json }: { readonly json?: boolean },
): Promise<void> {
  return note(terminal, json === true ? formatLogLine("info", text) : text);
}

/** A text in a cell of a table: one line, not too long. */
export function toCell(text: string, lengthMax = 100): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, " ");
  return line.length > lengthMax ? `${line.slice(0, lengthMax - 3)}...` : line;
}
