import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { z } from "zod";
import { type RuntimeSuite, runtimeSuite } from "./runtime-schema.js";
import { type SdkSuite, sdkSuite } from "./sdk-schema.js";

/** The suites that come with the kit. */
const suitesDirectory = fileURLToPath(new URL("../../../suites", import.meta.url));

/** A suite's file is not what its schema says. */
export class SuiteError extends Error {}

/**
 * The suites for function servers, in the order of their file names.
 *
 * @throws SuiteError naming the file and each field that is wrong.
 */
export function loadSdkSuites(): readonly SdkSuite[] {
  return readSuites("sdk").map(({ file, text }) => parseSuite(sdkSuite, text, file));
}

/** As loadSdkSuites(), for runtimes. */
export function loadRuntimeSuites(): readonly RuntimeSuite[] {
  return readSuites("runtime").map(({ file, text }) => parseSuite(runtimeSuite, text, file));
}

/** One suite from its text; `file` is for errors. */
export function parseSuite<S extends z.ZodType>(schema: S, text: string, file: string): z.infer<S> {
  const parsed = schema.safeParse(parse(text));
  if (!parsed.success) throw new SuiteError(`${file}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

function readSuites(role: string): readonly { readonly file: string; readonly text: string }[] {
  const directory = join(suitesDirectory, role);
  const files = readdirSync(directory).filter((file) => file.endsWith(".yaml"));
  return files.sort().map((file) => ({ file, text: readFileSync(join(directory, file), "utf8") }));
}
