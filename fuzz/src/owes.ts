import assert from "node:assert/strict";

/**
 * What any input may cost, in milliseconds of this process: far above what a decoder needs, for a
 * machine that others use as well slows everybody down.
 */
const cpuMsBase = 2000;
/** A hundred kilobytes may cost another second; at the square of that it would be hours. */
const cpuMsPerByte = 1 / 100;

/**
 * Decodes an input of this many bytes, and holds what every decoder owes: a value, or an error that
 * `isTyped` knows, within the time that the input's size allows. The time is what this process has
 * worked, not what has passed: other processes do not count.
 *
 * @returns The value; undefined for a typed error.
 */
export function decodeOwing<T>(
  bytes: number,
  decode: () => T,
  isTyped: (error: unknown) => boolean,
): T | undefined {
  const before = process.cpuUsage();
  try {
    return decode();
  } catch (error) {
    if (isTyped(error)) return undefined;
    throw new Error(`an error without a type: ${describe(error)}`, { cause: error });
  } finally {
    assertQuick(bytes, before);
  }
}

/** What an engine says of a mistake in the code, in place of what is wrong with the input. */
const engineWords =
  /undefined|is not a function\b(?! type)|Cannot (read|convert)|Maximum call stack/;

/** An error is written for people, and not what an engine said that somebody has passed on. */
export function assertWritten(message: string): void {
  assert.doesNotMatch(message, engineWords);
}

function assertQuick(bytes: number, before: NodeJS.CpuUsage): void {
  const { user, system } = process.cpuUsage(before);
  const cpuMs = (user + system) / 1000;
  const cpuMsMax = cpuMsBase + bytes * cpuMsPerByte;
  assert.ok(cpuMs <= cpuMsMax, `${bytes} bytes took ${cpuMs} ms, above ${cpuMsMax}`);
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
