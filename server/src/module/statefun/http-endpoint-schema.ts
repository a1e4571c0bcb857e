import { homedir } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import { parseDuration } from "../duration.js";
import { retrySchema } from "../endpoint-schema.js";
import { duration, field, functionPattern, object, wholeNumber } from "../field.js";
import { resolveUrl } from "../function-url.js";
import type { HttpEndpointSpec, HttpTlsSpec, HttpTransportSpec } from "../module.js";
import type { SchemaContext } from "../schema-context.js";

/** Timers of Node count no further: 24 days and some. */
const durationMsMax = 24 * 86_400_000;
const payloadBytesMax = 512 * 1024 * 1024;

const asyncType = "io.statefun.transports.v1/async";
const okhttpType = "io.statefun.transports.v1/okhttp";

const defaults = {
  connectionsMax: 1024,
  payloadBytesMax: 32 * 1024 * 1024,
  batchMax: 1000,
  async: { callTimeoutMs: 120_000, connectTimeoutMs: 20_000, connectionTtlMs: 15_000 },
  timeouts: { callTimeoutMs: 60_000, connectTimeoutMs: 10_000, readTimeoutMs: 10_000 },
  /** OkHttp closes a connection that was idle for so long. */
  okhttpTtlMs: 60_000,
} as const;

/** Zero turns it off. */
const durationOrNone = field("a duration, or 0", (value) => {
  const durationMs = parseDuration(value);
  return durationMs !== undefined && durationMs <= durationMsMax ? durationMs : undefined;
});

const timeoutsShape = {
  call: duration(durationMsMax).default(defaults.timeouts.callTimeoutMs),
  connect: duration(durationMsMax).default(defaults.timeouts.connectTimeoutMs),
  read: duration(durationMsMax).default(defaults.timeouts.readTimeoutMs),
  write: duration(durationMsMax).default(defaults.timeouts.readTimeoutMs),
};
type Timeouts = z.infer<z.ZodObject<typeof timeoutsShape>>;
const timeouts = object(timeoutsShape);

/** OkHttp's client refuses a part that takes longer than the whole. */
const okhttpTimeouts = timeouts
  .superRefine((written, context) => {
    for (const part of ["connect", "read", "write"] as const) {
      if (written[part] <= written.call) continue;
      const message = `is ${written[part]} ms: expected at most call, ${written.call} ms`;
      context.addIssue({ code: "custom", message, path: [part] });
    }
  })
  .prefault({});

/** The schema of a spec of kind io.statefun.endpoints.v1/http. */
export function httpEndpointV1Schema(
  context: SchemaContext,
): z.ZodType<Omit<HttpEndpointSpec, "source">> {
  return object({ ...commonShape(context), timeouts: okhttpTimeouts }).transform((spec) => ({
    kind: "io.statefun.endpoints.v1/http" as const,
    ...commonOf(spec),
    transport: okhttpTransport(spec.timeouts),
  }));
}

/** The schema of a spec of kind io.statefun.endpoints.v2/http. */
export function httpEndpointV2Schema(
  context: SchemaContext,
): z.ZodType<Omit<HttpEndpointSpec, "source">> {
  return object({
    ...commonShape(context),
    transport: z.preprocess(withType, transportSchema(context)).prefault({}),
  }).transform((spec) => ({
    kind: "io.statefun.endpoints.v2/http" as const,
    ...commonOf(spec),
    transport: spec.transport,
  }));
}

const urlSyntax =
  "a URL of http, https, http+unix or https+unix, with {function.name} for the type's name; " +
  'the path of a socket ends in ".sock"';

function commonShape(_context: SchemaContext) {
  return {
    functions: functionPattern,
    urlPathTemplate: field(urlSyntax, (value) =>
      typeof value === "string" && resolveUrl(value, "x/x") !== undefined ? value : undefined,
    ),
    maxNumBatchRequests: wholeNumber({ min: -(2 ** 31), max: 2 ** 31 - 1 }).default(
      defaults.batchMax,
    ),
    retry: retrySchema,
  };
}

function commonOf(spec: z.infer<z.ZodObject<ReturnType<typeof commonShape>>>) {
  const { functions, urlPathTemplate, maxNumBatchRequests, retry } = spec;
  return {
    functions: [functions],
    urlTemplate: urlPathTemplate,
    // StateFun's way to say that there is no limit.
    batchMax: maxNumBatchRequests > 0 ? maxNumBatchRequests : null,
    retry,
  };
}

function withType(value: unknown): unknown {
  if (typeof value !== "object" || value === null || "type" in value) return value;
  return { type: asyncType, ...value };
}

function transportSchema(context: SchemaContext): z.ZodType<HttpTransportSpec> {
  const file = tlsFile(context);
  const okhttp = object({ type: z.literal(okhttpType), timeouts: okhttpTimeouts });
  const async = object({
    type: z.literal(asyncType),
    call: duration(durationMsMax).default(defaults.async.callTimeoutMs),
    connect: duration(durationMsMax).default(defaults.async.connectTimeoutMs),
    timeouts: timeouts.optional(),
    pool_ttl: durationOrNone.default(defaults.async.connectionTtlMs),
    pool_size: wholeNumber({ min: 1, max: 65_536 }).default(defaults.connectionsMax),
    payload_max_bytes: wholeNumber({ min: 1, max: payloadBytesMax }).default(
      defaults.payloadBytesMax,
    ),
    trust_cacerts: file.optional(),
    client_cert: file.optional(),
    client_key: file.optional(),
    client_key_password: file.optional(),
  }).superRefine((written, issues) => {
    if ((written.client_cert === undefined) === (written.client_key === undefined)) return;
    issues.addIssue("has one of client_cert and client_key: expected both or neither");
  });
  return z
    .discriminatedUnion("type", [async, okhttp], { error: () => transportProblem })
    .transform((written) =>
      written.type === okhttpType ? okhttpTransport(written.timeouts) : asyncTransport(written),
    );
}

const transportProblem = `is not a transport: expected type ${asyncType} or ${okhttpType}`;

interface WrittenAsync {
  readonly call: number;
  readonly connect: number;
  readonly timeouts?: Timeouts | undefined;
  readonly pool_ttl: number;
  readonly pool_size: number;
  readonly payload_max_bytes: number;
  readonly trust_cacerts?: string | undefined;
  readonly client_cert?: string | undefined;
  readonly client_key?: string | undefined;
  readonly client_key_password?: string | undefined;
}

/** With `timeouts`, what stands beside it does not count. */
function asyncTransport(written: WrittenAsync): HttpTransportSpec {
  return {
    kind: "async",
    callTimeoutMs: written.timeouts?.call ?? written.call,
    connectTimeoutMs: written.timeouts?.connect ?? written.connect,
    readTimeoutMs: null,
    connectionTtlMs: written.pool_ttl,
    connectionsMax: written.pool_size,
    payloadBytesMax: written.payload_max_bytes,
    tls: {
      trustFile: written.trust_cacerts ?? null,
      certFile: written.client_cert ?? null,
      keyFile: written.client_key ?? null,
      keyPasswordFile: written.client_key_password ?? null,
    },
  };
}

function okhttpTransport({ call, connect, read }: Timeouts): HttpTransportSpec {
  return {
    kind: "okhttp",
    callTimeoutMs: call,
    connectTimeoutMs: connect,
    readTimeoutMs: read,
    connectionTtlMs: defaults.okhttpTtlMs,
    connectionsMax: defaults.connectionsMax,
    payloadBytesMax: defaults.payloadBytesMax,
    tls: noTls,
  };
}

const noTls: HttpTlsSpec = {
  trustFile: null,
  certFile: null,
  keyFile: null,
  keyPasswordFile: null,
};

/** A path, "file:PATH" or "classpath:PATH"; there is no class path, so that means the module's folder. */
function tlsFile({ resolvePath }: SchemaContext): z.ZodType<string> {
  return field('the path of a PEM file, also as "file:PATH" or "classpath:PATH"', (value) => {
    if (typeof value !== "string") return;
    const path = value.replace(/^(file:(\/\/)?|classpath:)/, "");
    if (path === "") return;
    return path.startsWith("~/") ? join(homedir(), path.slice(2)) : resolvePath(path);
  });
}
