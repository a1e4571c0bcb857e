import { z } from "zod";
import { caseHead, data, fields, name, tier } from "./data.js";

/** A message into the runtime: by its ingress, or as a call that waits for its reply. */
const message = z.strictObject({
  /** The name of a call, by which `reply` speaks of it. */
  as: name.optional(),
  id: z.string(),
  /** Its function type; default: conformance/@main. */
  type: name.default("conformance/@main"),
  text: z.string().optional(),
  typename: name.default("conformance/text"),
  /** Further fields of the request. */
  with: fields.default({}),
});

const invocation = z.strictObject({
  /** The name by which later steps speak of it. */
  as: name,
  id: z.string(),
  /** The texts of its inputs' values, in order; null: no value. */
  texts: z.array(z.string().nullable()).optional(),
  /** Fields of each input. */
  inputs: z.array(fields).optional(),
  /** Values by state name; states that are not named must not be listed. */
  states: fields.optional(),
  /** Any other field of Invocation. */
  with: fields.default({}),
  /** The name of the invocation whose lease it has to name; null: it must name none. */
  lease: name.nullable().optional(),
  withinMs: z.number().positive().optional(),
  /** It must not come sooner after the step before began, in milliseconds. */
  notBeforeMs: z.number().positive().optional(),
});

const response = z.strictObject({
  /** The invocation. */
  to: name,
  /** By state name: the value, or null to delete it. */
  states: fields.default({}),
  /** Further fields of Result. */
  with: fields.default({}),
});

const step = z.union([
  /** Opens a stream as a function server that dials in; the runtime has to say Hello. */
  z.strictObject({ attach: name, hello: fields.optional() }),
  z.strictObject({ on: name }),
  /** Sends Welcome, with fields over those of the usual one. */
  z.strictObject({ welcome: fields }),
  z.strictObject({ message: z.union([message, z.array(message)]) }),
  /** A message that the ingress has to refuse, with a status. */
  z.strictObject({ refused: message, status: z.union([name, z.array(name)]) }),
  z.strictObject({ call: message }),
  z.strictObject({
    reply: z.strictObject({
      of: name,
      text: z.string().nullable().optional(),
      status: z.union([name, z.array(name)]).optional(),
      withinMs: z.number().positive().optional(),
    }),
  }),
  z.strictObject({ invocation: z.union([invocation, z.array(invocation)]) }),
  z.strictObject({ respond: z.union([response, z.array(response)]) }),
  z.strictObject({ send: fields }),
  z.strictObject({ bytes: z.string(), about: name }),
  z.strictObject({ expect: fields, withinMs: z.number().positive().optional() }),
  z.strictObject({ error: z.union([name, z.array(name)]) }),
  z.strictObject({
    end: z.union([name, z.array(name)]),
    withinMs: z.number().positive().optional(),
  }),
  z.strictObject({ quietMs: z.number().positive() }),
  /** The case's records at the egress, all of them, in order. */
  z.strictObject({ records: z.array(fields), withinMs: z.number().positive().optional() }),
  z.strictObject({ parked: z.string(), type: name.optional() }),
  z.strictObject({ halfClose: z.literal(true) }),
  z.strictObject({ cut: z.literal(true) }),
  z.strictObject({ restart: z.enum(["SIGKILL", "SIGTERM"]) }),
  z.strictObject({ scenario: name, with: z.record(z.string(), data).default({}) }),
]);

const testCase = z.strictObject({ ...caseHead, steps: z.array(step).min(1) });

/** One file of suites/runtime. */
export const runtimeSuite = z.strictObject({
  suite: name,
  subject: z.literal("runtime"),
  about: name,
  /** The level of its cases, unless they say otherwise. */
  tier,
  cases: z.array(testCase).min(1),
});

export type RuntimeSuite = z.infer<typeof runtimeSuite>;
export type RuntimeTestCase = z.infer<typeof testCase>;
export type RuntimeStep = z.infer<typeof step>;
export type MessageStep = z.infer<typeof message>;
export type ExpectedInvocation = z.infer<typeof invocation>;
export type ResponseStep = z.infer<typeof response>;
