import { z } from "zod";
import { runtimeSuite } from "./runtime-schema.js";
import { sdkSuite } from "./sdk-schema.js";

const schemas = { sdk: sdkSuite, runtime: runtimeSuite } as const;

/** The JSON schema of the suites' files, as text: suites/sdk.schema.json and runtime.schema.json. */
export function suiteJsonSchema(subject: keyof typeof schemas): string {
  const schema = z.toJSONSchema(schemas[subject], { io: "input", reused: "ref" });
  const title = `A suite of the Statewire conformance kit, for subject ${subject}`;
  return `${JSON.stringify({ title, ...schema }, null, 2)}\n`;
}
