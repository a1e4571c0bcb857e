import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { z } from "zod";
import { type Suite, suiteSchema } from "./schema.js";

/** The suites that come with the kit. */
const suitesDirectory = fileURLToPath(new URL("../../../suites", import.meta.url));

/** A suite's file is not what schema.ts says. */
export class SuiteError extends Error {}

/**
 * The suites for a kind of subject, in the order of their file names.
 *
 * @throws SuiteError naming the file and each field that is wrong.
 */
export function loadSuites(subject: Suite["subject"]): readonly Suite[] {
  const directory = join(suitesDirectory, subject);
  const files = readdirSync(directory).filter((file) => file.endsWith(".yaml"));
  return files.sort().map((file) => parseSuite(readFileSync(join(directory, file), "utf8"), file));
}

/** One suite from its text; `file` is for errors. */
export function parseSuite(text: string, file: string): Suite {
  const parsed = suiteSchema.safeParse(parse(text));
  if (!parsed.success) throw new SuiteError(`${file}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
