const units = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** What parseByteSize() reads, for error messages. */
export const byteSizeExamples = '65536 (bytes), "64 KiB" or "1 MiB"';

/**
 * Bytes, from a whole number and a unit: "64 KiB", "64KB" and "65536" are the same, units are
 * powers of 1024. Undefined when the syntax is wrong or the number is not exact.
 */
export function parseByteSize(written: unknown): number | undefined {
  if (typeof written !== "string" && typeof written !== "number") return undefined;
  const match = /^\s*(\d{1,15})\s*((?:[KMGT]i?)?B)?\s*$/i.exec(String(written));
  if (match === null) return undefined;
  const power = "BKMGT".indexOf((match[2] ?? "B").charAt(0).toUpperCase());
  const value = Number(match[1]) * 1024 ** power;
  return Number.isSafeInteger(value) ? value : undefined;
}

/** "64 KiB (65536 bytes)", or "1000 bytes" when no larger unit is exact. */
export function formatByteSize(bytes: number): string {
  let power = 0;
  while (power < units.length - 1 && bytes > 0 && bytes % 1024 ** (power + 1) === 0) power++;
  if (power === 0) return bytes === 1 ? "1 byte" : `${bytes} bytes`;
  return `${bytes / 1024 ** power} ${units[power]} (${bytes} bytes)`;
}
