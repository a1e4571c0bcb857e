import { resolve } from "node:path";
import { OccupiedError, writeSkeleton } from "../init/write-skeleton.js";
import { UsageError } from "./usage-error.js";

/** The flags of `init`. */
export interface InitFlags {
  readonly lang: string;
  readonly dir?: string;
}

/** Writes a skeleton and says what comes next. @throws UsageError when the folder is not empty. */
export function initSkeleton({ lang, dir = `interpreter-${lang}` }: InitFlags): void {
  const folder = resolve(dir);
  try {
    const files = writeSkeleton(lang, folder);
    process.stdout.write(`${files.map((file) => `  ${dir}/${file}`).join("\n")}\n`);
  } catch (error) {
    if (error instanceof OccupiedError) throw new UsageError(`--dir ${dir}: ${error.message}`);
    throw error;
  }
  process.stdout.write(`\nNext: cd ${dir} && ./build.sh, then README.md\n`);
}
