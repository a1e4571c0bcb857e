import { suiteJsonSchema } from "../suite/json-schema.js";

/** The JSON schema of the suites, on standard output. */
export function printSchema(subject: "sdk" | "runtime"): void {
  process.stdout.write(suiteJsonSchema(subject));
}
