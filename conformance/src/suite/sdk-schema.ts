import { z } from "zod";
import { caseHead, data, fields, name, tier } from "./data.js";

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

const testCase = z.strictObject({ ...caseHead, steps: z.array(step).min(1) });

/** One file of suites/sdk. */
export const sdkSuite = z.strictObject({
  suite: name,
  subject: z.literal("sdk"),
  about: name,
  /** The level of its cases, unless they say otherwise. */
  tier,
  cases: z.array(testCase).min(1),
});

export type SdkSuite = z.infer<typeof sdkSuite>;
export type SdkTestCase = z.infer<typeof testCase>;
export type SdkStep = z.infer<typeof step>;
export type InvocationStep = z.infer<typeof invocation>;
export type ResultStep = z.infer<typeof result>;
