import { z } from "zod";

/** Any value that YAML can hold. */
export const data: z.ZodType<Data> = z.lazy(() =>
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

/** Fields of a message, or anything else with names. */
export const fields = z.record(z.string(), data);

/** A word. */
export const name = z.string().min(1);

/** How far a subject goes, each level with the ones before: --level of the command line. */
export const tiers = ["core", "state", "recovery"] as const;

export type Tier = (typeof tiers)[number];

/** The level at which a case is asked of a subject. */
export const tier = z.enum(tiers);

/** What every case says of itself, beside its steps. */
export const caseHead = {
  name,
  /** The clauses that the case proves, for example [HELLO-3]. */
  clauses: z.array(z.string().regex(/^[A-Z]+-\d+$/)).min(1),
  level: z.enum(["MUST", "SHOULD", "MAY"]).default("MUST"),
  /** Default: the suite's. */
  tier: tier.optional(),
  /** What the subject has to offer for the case to make sense. */
  features: z.array(name).default([]),
  /** The protocol version that the case belongs to. */
  since: z.number().int().positive().default(1),
  /** The whole case, in milliseconds. */
  withinMs: z.number().positive().default(10_000),
  /** Mostly waits: it runs beside other such cases, after the rest. */
  slow: z.boolean().default(false),
} as const;
