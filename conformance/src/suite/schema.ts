import { z } from "zod";

/** Any value that YAML can hold. */
const data: z.ZodType<Data> = z.lazy(() =>
  z.union([
    z.null(),
    z.boolean(),
    z.number(),
    z.string(),
    z.array(data),
    z.record(z.string(), data),
  ]),
);

export type Data =
  | null
  | boolean
  | number
  | string
  | readonly Data[]
  | { readonly [key: string]: Data };

const fields = z.record(z.string(), data);
const name = z.string().min(1);

/** Messages of one invocation: each input is a list of commands, or the input's fields. */
const inputs = z.array(z.union([z.array(fields), fields])).min(1);

const invocation = z.strictObject({
  /** The name by which later steps speak of it. */
  as: name,
  /** The function type's short name: interpreter, limited, any. */
  type: name.default("interpreter"),
  id: z.string(),
  inputs,
  /** Values by state name. */
  states: fields.default({}),
  /** Further fields of Invocation, which come last. */
  with: fields.default({}),
});

const result = z.strictObject({
  of: name,
  /** By state name: the value written, or null for deleted; no others may have changed. */
  states: fields.optional(),
  sends: z.array(fields).optional(),
  timers: z.array(fields).optional(),
  egress: z.array(fields).optional(),
  replies: z.array(fields).optional(),
  /** What the function observed: the JSON of its records to conformance/out, in order. */
  saw: z.array(data).optional(),
  /** Fields of the failure. Without it the result must have none. */
  failure: fields.optional(),
  /** State by name, for a server that asks before it runs: it may have kept a lease, or not. */
  ifAsked: fields.optional(),
  withinMs: z.number().positive().optional(),
});

const step = z.union([
  z.strictObject({ open: name }),
  z.strictObject({ on: name }),
  z.strictObject({ hello: fields }),
  z.strictObject({ send: fields }),
  z.strictObject({ bytes: z.string(), about: name }),
  z.strictObject({
    invoke: z.union([invocation, z.array(invocation)]),
    batch: fields.optional(),
  }),
  z.strictObject({ result: z.union([result, z.array(result)]) }),
  z.strictObject({ expect: fields, withinMs: z.number().positive().optional() }),
  z.strictObject({ error: z.union([name, z.array(name)]) }),
  z.strictObject({
    end: z.union([name, z.array(name)]),
    withinMs: z.number().positive().optional(),
  }),
  z.strictObject({ quietMs: z.number().positive() }),
  z.strictObject({ credit: z.number() }),
  z.strictObject({ drain: z.string() }),
  z.strictObject({ halfClose: z.literal(true) }),
  z.strictObject({ cut: z.literal(true) }),
  z.strictObject({ alive: z.literal(true) }),
  z.strictObject({ discover: fields, answer: fields.optional(), status: name.optional() }),
  z.strictObject({ scenario: name, with: fields.default({}) }),
  z.strictObject({ signal: z.enum(["SIGTERM", "SIGKILL"]) }),
  z.strictObject({ exit: z.string() }),
  z.strictObject({ printed: z.string() }),
]);

const testCase = z.strictObject({
  name,
  /** The clauses that the case proves, for example [HELLO-3]. */
  clauses: z.array(z.string().regex(/^[A-Z]+-\d+$/)).min(1),
  level: z.enum(["MUST", "SHOULD", "MAY"]).default("MUST"),
  /** What the subject has to offer for the case to make sense. */
  features: z.array(name).default([]),
  /** The protocol version that the case belongs to. */
  since: z.number().int().positive().default(1),
  /** The whole case, in milliseconds. */
  withinMs: z.number().positive().default(10_000),
  /** Mostly waits: it runs beside other such cases, after the rest. */
  slow: z.boolean().default(false),
  steps: z.array(step).min(1),
});

/** One file of suites/. */
export const suiteSchema = z.strictObject({
  suite: name,
  subject: z.enum(["sdk", "runtime"]),
  about: name,
  cases: z.array(testCase).min(1),
});

export type Suite = z.infer<typeof suiteSchema>;
export type TestCase = z.infer<typeof testCase>;
export type Step = z.infer<typeof step>;
export type InvocationStep = z.infer<typeof invocation>;
export type ResultStep = z.infer<typeof result>;
