import type { z } from "zod";
import {
  duration,
  field,
  functionPattern,
  numberWithin,
  object,
  oneOrMore,
  path,
  text,
  wholeNumber,
} from "./field.js";
import { hostAndPortSyntax, isHostAndPort } from "./host-and-port.js";
import type { GrpcEndpointSpec, RetryPolicy, TlsSpec } from "./module.js";
import type { SchemaContext } from "./schema-context.js";

const dayMs = 86_400_000;

const retryDefaults: RetryPolicy = {
  initialBackoffMs: 100,
  maxBackoffMs: 30_000,
  factor: 2,
  jitter: 0.2,
};

/** `retry`, everywhere it may be written. */
export const retrySchema: z.ZodType<RetryPolicy> = object({
  initialBackoff: duration(dayMs).default(retryDefaults.initialBackoffMs),
  maxBackoff: duration(dayMs).default(retryDefaults.maxBackoffMs),
  factor: numberWithin({ min: 1, max: 100 }).default(retryDefaults.factor),
  jitter: numberWithin({ min: 0, max: 1 }).default(retryDefaults.jitter),
})
  .superRefine(({ initialBackoff, maxBackoff }, context) => {
    if (initialBackoff <= maxBackoff) return;
    const message = `is ${initialBackoff} ms: expected at most maxBackoff, ${maxBackoff} ms`;
    context.addIssue({ code: "custom", message, path: ["initialBackoff"] });
  })
  .transform(({ initialBackoff, maxBackoff, factor, jitter }) => ({
    initialBackoffMs: initialBackoff,
    maxBackoffMs: maxBackoff,
    factor,
    jitter,
  }))
  .default(retryDefaults);

/** The schema of a statewire.endpoints.v1/grpc spec. */
export function grpcEndpointSchema(
  context: SchemaContext,
): z.ZodType<Omit<GrpcEndpointSpec, "source">> {
  return object({
    functions: oneOrMore(functionPattern),
    address: endpointAddress(context).optional(),
    addresses: oneOrMore(endpointAddress(context)).optional(),
    tls: tlsSchema(context).optional(),
    retry: retrySchema,
    timeout: duration(dayMs).optional(),
    maxBatch: wholeNumber({ min: 1, max: 100_000 }).optional(),
  })
    .superRefine(({ address, addresses }, issues) => {
      if (address !== undefined && addresses !== undefined) {
        issues.addIssue("has both address and addresses: expected one of them");
      }
      if (address === undefined && addresses === undefined) {
        issues.addIssue(`lacks address: expected ${addressSyntax}, or a list of them as addresses`);
      }
    })
    .transform((spec) => ({
      kind: "statewire.endpoints.v1/grpc" as const,
      functions: spec.functions,
      addresses: spec.addresses ?? (spec.address === undefined ? [] : [spec.address]),
      tls: spec.tls ?? null,
      retry: spec.retry,
      timeoutMs: spec.timeout ?? null,
      batchMax: spec.maxBatch ?? null,
    }));
}

function tlsSchema({ resolvePath }: SchemaContext): z.ZodType<TlsSpec> {
  return object({
    caFile: path(resolvePath).optional(),
    certFile: path(resolvePath).optional(),
    keyFile: path(resolvePath).optional(),
    serverName: text("the name in the server's certificate").optional(),
  })
    .superRefine(({ certFile, keyFile }, context) => {
      if ((certFile === undefined) === (keyFile === undefined)) return;
      const [has, lacks] =
        certFile === undefined ? ["keyFile", "certFile"] : ["certFile", "keyFile"];
      context.addIssue(`has ${has} without ${lacks}: expected both or neither`);
    })
    .transform(({ caFile, certFile, keyFile, serverName }) => ({
      caFile: caFile ?? null,
      certFile: certFile ?? null,
      keyFile: keyFile ?? null,
      serverName: serverName ?? null,
    }));
}

const addressSyntax = `${hostAndPortSyntax} or "unix:path"`;

function endpointAddress({ resolvePath }: SchemaContext): z.ZodType<string> {
  return field(addressSyntax, (value) => {
    if (typeof value !== "string") return;
    if (/^unix:./.test(value)) return `unix:${resolvePath(value.slice("unix:".length))}`;
    return isHostAndPort(value, 1) ? value : undefined;
  });
}
