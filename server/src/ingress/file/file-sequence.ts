import { fileTargetsMax } from "../../module/module.js";

/** A place in a file: the message that a record makes for one of its targets. */
export interface FilePlace {
  /** Where the record begins, in bytes. */
  readonly start: number;
  /** Index in the list of targets. */
  readonly target: number;
}

/*
 * A message's sequence is
 *
 *     start of its record * fileTargetsMax + index of its target + 1
 *
 * which rises with the file and, inside a record, with the targets. The node keeps the highest
 * sequence in the same epoch as the message: a run that ends between two targets of a record goes
 * on with the second of them. It is the start, not the end of the record, because the next run
 * must read that record again to know the rest of its messages. Targets can be added at the end of
 * the list later on without a change of what earlier sequences mean. 2^53 allows for files of 140
 * terabytes.
 */

/** The place behind every message that a record could make. */
export function endOfRecord(start: number): FilePlace {
  return { start, target: fileTargetsMax - 1 };
}

/** The sequence of a message: 1 or more. */
export function toSequence({ start, target }: FilePlace): number {
  return start * fileTargetsMax + target + 1;
}

/** The message that a sequence belongs to; null for 0, which is before the first. */
export function toPlace(sequence: number): FilePlace | null {
  if (sequence === 0) return null;
  const index = sequence - 1;
  return { start: Math.floor(index / fileTargetsMax), target: index % fileTargetsMax };
}
