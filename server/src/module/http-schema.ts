import * as z from "zod";
import { backoffSchema } from "./endpoint-schema.js";
import {
  componentId,
  duration,
  field,
  object,
  oneOf,
  Refusal,
  waitFor,
  wholeNumber,
} from "./field.js";
import type { GrpcEgressSpec, HttpEgressSpec } from "./module.js";
import type { SchemaContext } from "./schema-context.js";
import {
  parseSecretText,
  type SecretText,
  secretByReference,
  secretSyntax,
} from "./secret-text.js";

const hourMs = 3_600_000;

/** The schema of a statewire.http.v1/egress spec. */
export function httpEgressSchema(
  context: SchemaContext,
): z.ZodType<Omit<HttpEgressSpec, "source">> {
  return object({
    id: componentId,
    url: urlField(context),
    headers: headersField(context),
    timeout: duration(hourMs).default(10_000),
    retry: backoffSchema,
    maxBatch: wholeNumber({ min: 1, max: 10_000 }).default(1),
    rejectedRecords: oneOf("stop", "drop").default("stop"),
    waitFor,
  }).transform((spec) => ({
    kind: "statewire.http.v1/egress" as const,
    id: spec.id,
    url: spec.url,
    headers: spec.headers,
    timeoutMs: spec.timeout,
    retry: spec.retry,
    batchMax: spec.maxBatch,
    rejectedRecords: spec.rejectedRecords,
    waitFor: spec.waitFor,
  }));
}

/** The schema of a statewire.grpc.v1/egress spec. */
export function grpcEgressSchema(): z.ZodType<Omit<GrpcEgressSpec, "source">> {
  return object({ id: componentId, waitFor }).transform((spec) => ({
    kind: "statewire.grpc.v1/egress" as const,
    id: spec.id,
    waitFor: spec.waitFor,
  }));
}

/** Names of headers and query parameters whose value is a secret, whatever it looks like. */
const secretName = /authorization|cookie|token|secret|passw|credential|signature|api.?key/i;

function urlField({ resolvePath }: SchemaContext): z.ZodType<SecretText> {
  const expected = `the URL of a web server, http or https; ${secretSyntax}`;
  return field(
    expected,
    (value) => {
      const parsed = typeof value === "string" ? parseSecretText(value, resolvePath) : undefined;
      if (parsed === undefined) return;
      // A reference at the start may hold the scheme; its form is checked when it is known.
      if (parsed.outline.startsWith("x")) return parsed;
      const url = URL.canParse(parsed.outline) ? new URL(parsed.outline) : undefined;
      if (url === undefined || !/^https?:$/.test(url.protocol)) return;
      if (url.username !== "" || url.password !== "") {
        return new Refusal("it holds a user's name or password; send an Authorization header");
      }
      for (const [name, written] of new URL(parsed.toString(), "http://x").searchParams) {
        if (secretName.test(name) && !written.includes("${")) return new Refusal(secretByReference);
      }
      return parsed;
    },
    { secret: true },
  );
}

function headersField({ resolvePath }: SchemaContext): z.ZodType<ReadonlyMap<string, SecretText>> {
  const header = field(
    secretSyntax,
    (value) => {
      const written = typeof value === "number" ? String(value) : value;
      if (typeof written !== "string" || /[\r\n]/.test(written)) return;
      return parseSecretText(written, resolvePath);
    },
    { secret: true },
  );
  return z
    .record(z.string(), header, { error: "is not valid: expected an object of names and values" })
    .superRefine((headers, context) => {
      for (const [name, value] of Object.entries(headers)) {
        const message = headerProblem(name, value);
        if (message !== undefined) context.addIssue({ code: "custom", message, path: [name] });
      }
    })
    .default({})
    .transform((headers) => {
      const entries = Object.entries(headers);
      return new Map(entries.map(([name, value]) => [name.toLowerCase(), value]));
    });
}

/** What belongs to the connection, and would contradict it. */
const connectionHeaders = ["connection", "content-length", "expect", "host", "transfer-encoding"];

function headerProblem(name: string, value: SecretText): string | undefined {
  if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) return "is not the name of a header";
  if (connectionHeaders.includes(name.toLowerCase())) return "is set by the runtime";
  if (secretName.test(name) && value.references.length === 0)
    return `is text: ${secretByReference}`;
  return undefined;
}
