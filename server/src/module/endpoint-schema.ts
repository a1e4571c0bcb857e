import type * as z from "zod";
import {
  boolean,
  componentId,
  duration,
  field,
  functionPattern,
  numberWithin,
  object,
  oneOf,
  oneOrMore,
  path,
  Refusal,
  text,
  wholeNumber,
} from "./field.js";
import { hostAndPortSyntax, isHostAndPort } from "./host-and-port.js";
import type { BackoffPolicy, GrpcEndpointSpec, RetryPolicy, TlsSpec } from "./module.js";
import type { SchemaContext } from "./schema-context.js";
import {
  parseSecretText,
  type SecretText,
  secretByReference,
  secretSyntax,
} from "./secret-text.js";

const dayMs = 86_400_000;

const backoffDefaults: BackoffPolicy = {
  initialBackoffMs: 100,
  maxBackoffMs: 30_000,
  factor: 2,
  jitter: 0.2,
};

/** An endpoint's policy unless it says otherwise, and that of functions without an endpoint. */
export const retryDefaults: RetryPolicy = {
  ...backoffDefaults,
  attemptsMax: null,
  deadLetterEgress: null,
};

const backoffShape = {
  initialBackoff: duration(dayMs).default(backoffDefaults.initialBackoffMs),
  maxBackoff: duration(dayMs).default(backoffDefaults.maxBackoffMs),
  factor: numberWithin({ min: 1, max: 100 }).default(backoffDefaults.factor),
  jitter: numberWithin({ min: 0, max: 1 }).default(backoffDefaults.jitter),
};

type WrittenBackoff = z.infer<z.ZodObject<typeof backoffShape>>;

/** `retry` where there is no last attempt. */
export const backoffSchema: z.ZodType<BackoffPolicy> = object(backoffShape)
  .superRefine(checkBackoff)
  .transform(toBackoff)
  .default(backoffDefaults);

const attempts = field('a whole number from 1 to 1000000, or "unlimited"', (value) => {
  if (value === "unlimited" || value === 0) return 0;
  return Number.isSafeInteger(value) && within(value as number) ? (value as number) : undefined;
});

function within(value: number): boolean {
  return value >= 1 && value <= 1_000_000;
}

/** `retry` of an endpoint. */
export const retrySchema: z.ZodType<RetryPolicy> = object({
  ...backoffShape,
  attempts: attempts.optional(),
  whenExhausted: oneOf("park", "drop-to-egress").default("park"),
  deadLetterEgress: componentId.optional(),
})
  .superRefine(checkBackoff)
  .superRefine(({ whenExhausted, deadLetterEgress }, context) => {
    if (whenExhausted === "drop-to-egress" && deadLetterEgress === undefined) {
      const message = 'is missing: expected "namespace/name", with whenExhausted drop-to-egress';
      context.addIssue({ code: "custom", message, path: ["deadLetterEgress"] });
    }
    if (whenExhausted === "park" && deadLetterEgress !== undefined) {
      const message = "is of no use: expected whenExhausted: drop-to-egress beside it";
      context.addIssue({ code: "custom", message, path: ["deadLetterEgress"] });
    }
  })
  .transform((written) => ({
    ...toBackoff(written),
    attemptsMax: written.attempts ?? null,
    deadLetterEgress: written.deadLetterEgress ?? null,
  }))
  .default(retryDefaults);

function checkBackoff(
  { initialBackoff, maxBackoff }: WrittenBackoff,
  context: z.RefinementCtx<unknown>,
): void {
  if (initialBackoff <= maxBackoff) return;
  const message = `is ${initialBackoff} ms: expected at most maxBackoff, ${maxBackoff} ms`;
  context.addIssue({ code: "custom", message, path: ["initialBackoff"] });
}

function toBackoff({ initialBackoff, maxBackoff, factor, jitter }: WrittenBackoff): BackoffPolicy {
  return { initialBackoffMs: initialBackoff, maxBackoffMs: maxBackoff, factor, jitter };
}

/** The schema of a statewire.endpoints.v1/grpc spec. */
export function grpcEndpointSchema(
  context: SchemaContext,
): z.ZodType<Omit<GrpcEndpointSpec, "source">> {
  return object({
    functions: oneOrMore(functionPattern),
    address: endpointAddress(context).optional(),
    addresses: oneOrMore(endpointAddress(context)).optional(),
    dialIn: boolean.default(false),
    tls: tlsSchema(context).optional(),
    authorization: authorizationSchema(context).optional(),
    retry: retrySchema,
    timeout: duration(dayMs).optional(),
    maxBatch: wholeNumber({ min: 1, max: 100_000 }).optional(),
  })
    .superRefine(checkPlace)
    .transform((spec) => ({
      kind: "statewire.endpoints.v1/grpc" as const,
      functions: spec.functions,
      addresses: spec.addresses ?? (spec.address === undefined ? [] : [spec.address]),
      tls: spec.tls ?? null,
      authorization: spec.authorization ?? null,
      retry: spec.retry,
      timeoutMs: spec.timeout ?? null,
      batchMax: spec.maxBatch ?? null,
    }));
}

interface WrittenPlace {
  readonly address?: string | undefined;
  readonly addresses?: readonly string[] | undefined;
  readonly dialIn: boolean;
  readonly tls?: TlsSpec | undefined;
}

/** Servers are somewhere that the runtime dials, or they dial the runtime. */
function checkPlace(
  { address, addresses, dialIn, tls }: WrittenPlace,
  issues: z.RefinementCtx<WrittenPlace>,
): void {
  const given = [
    ...(address === undefined ? [] : ["address"]),
    ...(addresses === undefined ? [] : ["addresses"]),
    ...(dialIn ? ["dialIn"] : []),
  ];
  if (given.length > 1) {
    issues.addIssue(`has both ${given.slice(0, 2).join(" and ")}: expected one of them`);
  }
  if (given.length === 0) {
    issues.addIssue(
      `lacks address: expected ${addressSyntax}, a list of them as addresses, or dialIn: true`,
    );
  }
  if (dialIn && tls !== undefined) {
    const message = "is of no use with dialIn: true, since the runtime dials nobody";
    issues.addIssue({ code: "custom", message, path: ["tls"] });
  }
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

function authorizationSchema({ resolvePath }: SchemaContext): z.ZodType<SecretText> {
  return field(
    secretSyntax,
    (value) => {
      if (typeof value !== "string" || value === "" || /[\r\n]/.test(value)) return;
      const parsed = parseSecretText(value, resolvePath);
      return parsed?.references.length === 0 ? new Refusal(secretByReference) : parsed;
    },
    { secret: true },
  );
}

const addressSyntax = `${hostAndPortSyntax} or "unix:path"`;

function endpointAddress({ resolvePath }: SchemaContext): z.ZodType<string> {
  return field(addressSyntax, (value) => {
    if (typeof value !== "string") return;
    if (/^unix:./.test(value)) return `unix:${resolvePath(value.slice("unix:".length))}`;
    return isHostAndPort(value, 1) ? value : undefined;
  });
}
