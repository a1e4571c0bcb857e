import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { unicodeText } from "@statewire/fuzz/unicode-text.js";
import { protoDirectory } from "@statewire/protos/directory";
import {
  Expiration_Mode,
  Failure_Code,
  Result,
  ServerFrame,
  Welcome,
} from "@statewire/protos/statewire/v1/stream.js";
import fc from "fast-check";
import { ProtocolViolation } from "../../src/codec/protocol-violation.js";

// Frames of a function server: valid ones that use every field, and arbitrary ones.

type Frame = NonNullable<ServerFrame["frame"]>;
type PartialResult = Parameters<typeof Result.create>[0];

/** Clauses that PROTOCOL.md defines. */
const clauses: ReadonlySet<string> = new Set(
  [
    ...readFileSync(join(protoDirectory, "PROTOCOL.md"), "utf8").matchAll(
      /^- \*\*\[([A-Z]+-\d+)\]\*\* /gm,
    ),
  ].map(([, id = ""]) => id),
);

/** A clause that a reader of PROTOCOL.md finds, and something to say about it. */
export function assertNamesClause({ clause, message }: { clause: string; message: string }): void {
  assert.ok(clauses.has(clause), `PROTOCOL.md has no clause "${clause}"`);
  assert.notEqual(message, "", `nothing about ${clause}`);
}

/** A violation of a clause of PROTOCOL.md. */
export function isViolation(error: unknown): boolean {
  if (!(error instanceof ProtocolViolation)) return false;
  assertNamesClause(error);
  return true;
}

export function encodeFrame(frame: Frame): Buffer {
  return Buffer.from(ServerFrame.encode({ frame }).finish());
}

export function encodeResults(...results: PartialResult[]): Buffer {
  const value = { results: results.map((result) => Result.create(result)) };
  return encodeFrame({ $case: "results", value });
}

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const bytes = Buffer.from("value");

const fullResult: PartialResult = {
  invocationId: 300,
  stateChanges: [{ state: 0, value: bytes }, { state: 1 }],
  sends: [
    { type: 1, id: "ann", typename: "example/ping", value: bytes, traceparent },
    { typeName: "mail/greeter", id: "é", typename: "example/ping" },
  ],
  timerChanges: [
    {
      change: {
        $case: "schedule",
        value: {
          send: { type: 1, typeName: "", id: "b", typename: "t", value: bytes, traceparent },
          delayMs: 5_000,
          cancellationToken: "token",
        },
      },
    },
    { change: { $case: "cancel", value: "token" } },
  ],
  egressRecords: [{ egress: "example/out", typename: "t", value: bytes }],
  replies: [
    { input: 0, typename: "t", value: bytes },
    { input: 1, typename: "t" },
  ],
};

const failure = {
  code: Failure_Code.BAD_INPUT,
  message: "not a number",
  retryable: true,
  retryAfterMs: 1000,
  completedInputs: 1,
};

/** Frames of results, which use every field. */
export const resultFrames: readonly Buffer[] = [
  encodeResults(fullResult),
  encodeResults(fullResult, { invocationId: 301, failure }),
  encodeResults({ invocationId: 1, failure }, { invocationId: 2 }, { invocationId: 3 }),
  encodeResults(),
];

const fullWelcome = Welcome.create({
  version: 1,
  sdkName: "sdk",
  sdkVersion: "1.0",
  serverName: "server",
  functions: [
    {
      typeName: "example/counter",
      inFlightMax: 10,
      batchMax: 100,
      states: [
        {
          name: "count",
          typename: "io.statefun.types/long",
          expiration: { mode: Expiration_Mode.AFTER_WRITE, durationMs: 1000 },
        },
        {
          name: "log",
          typename: "example/log",
          lazy: true,
          expiration: { mode: Expiration_Mode.AFTER_INVOCATION, durationMs: 1 },
        },
      ],
    },
    { typeName: "mail/*" },
  ],
  features: ["leases", "lazy-state"],
  window: { invocations: 100, bytes: 1_000_000 },
  leasedAddressesMax: 1000,
});

export const welcomeFrame: Buffer = encodeFrame({ $case: "welcome", value: fullWelcome });

/** Every kind of frame, each with all its fields. */
export const serverFrames: readonly Buffer[] = [
  ...resultFrames,
  welcomeFrame,
  encodeFrame({
    $case: "stateRequest",
    value: { invocationId: 1, states: [1, 0], leaseMissing: false },
  }),
  encodeFrame({
    $case: "stateRequest",
    value: { invocationId: 1, states: [], leaseMissing: true },
  }),
  encodeFrame({ $case: "window", value: { invocations: 5, bytes: 1000 } }),
  encodeFrame({ $case: "drain", value: { reason: "upgrade" } }),
  encodeFrame({ $case: "error", value: { clause: "INVOKE-3", message: "an id that went back" } }),
];

const uint32 = fc.oneof(fc.nat(3), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
const enumeration = fc.oneof(fc.nat(7), fc.nat());
const uint64 = fc.oneof(fc.nat(3), fc.maxSafeNat());
const name = fc.oneof(
  fc.constantFrom("", "example/counter", "mail/greeter", "mail/*", "a/b/c", "no-slash"),
  fc.string({ maxLength: 30 }),
);
const text = fc.oneof(fc.string({ maxLength: 20 }), unicodeText({ maxLength: 300 }));
const value = fc.option(
  fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array)),
  {
    nil: undefined,
  },
);
const trace = fc.constantFrom("", traceparent, "nonsense");

const send = fc
  .record({ type: uint32, typeName: name, id: text, typename: name, value })
  .chain((fields) => trace.map((parent) => ({ ...fields, traceparent: parent })));

const timerChange = fc.oneof(
  fc.record({ change: fc.record({ $case: fc.constant("cancel" as const), value: text }) }),
  fc.record({
    change: fc.record({
      $case: fc.constant("schedule" as const),
      value: fc.record({
        send: fc.option(send, { nil: undefined, freq: 9 }),
        delayMs: uint64,
        cancellationToken: text,
      }),
    }),
  }),
  fc.constant({ change: undefined }),
);

const few = { maxLength: 3 };

/** Results with any values in every field. */
export const anyResult: fc.Arbitrary<Result> = fc.record({
  invocationId: uint64,
  stateChanges: fc.array(fc.record({ state: uint32, value }), few),
  sends: fc.array(send, few),
  timerChanges: fc.array(timerChange, few),
  egressRecords: fc.array(fc.record({ egress: name, typename: name, value }), few),
  replies: fc.array(fc.record({ input: uint32, typename: name, value }), few),
  failure: fc.option(
    fc.record({
      code: enumeration as fc.Arbitrary<Failure_Code>,
      message: text,
      retryable: fc.boolean(),
      retryAfterMs: uint64,
      completedInputs: uint32,
    }),
    { nil: undefined },
  ),
});

const anyState = fc.record({
  name,
  typename: name,
  lazy: fc.boolean(),
  expiration: fc.option(
    fc.record({ mode: enumeration as fc.Arbitrary<Expiration_Mode>, durationMs: uint64 }),
    {
      nil: undefined,
    },
  ),
});

const anyWelcome: fc.Arbitrary<Welcome> = fc.record({
  version: uint32,
  sdkName: text,
  sdkVersion: text,
  serverName: text,
  functions: fc.array(
    fc.record({
      typeName: name,
      states: fc.array(anyState, few),
      inFlightMax: uint32,
      batchMax: uint32,
    }),
    few,
  ),
  features: fc.array(fc.constantFrom("leases", "lazy-state", "other"), few),
  window: fc.option(fc.record({ invocations: uint32, bytes: uint64 }), { nil: undefined }),
  leasedAddressesMax: uint32,
});

const kind = <K extends string, V>($case: K, values: fc.Arbitrary<V>) =>
  values.map((content) => ({ $case, value: content }) as const);

/** Any frame of a function server. */
export const anyServerFrame: fc.Arbitrary<Frame> = fc.oneof(
  kind("welcome", anyWelcome),
  kind("results", fc.record({ results: fc.array(anyResult, few) })),
  kind(
    "stateRequest",
    fc.record({
      invocationId: uint64,
      states: fc.array(uint32, few),
      leaseMissing: fc.boolean(),
    }),
  ),
  kind("window", fc.record({ invocations: uint32, bytes: uint64 })),
  kind("drain", fc.record({ reason: text })),
  kind("error", fc.record({ clause: name, message: text })),
);
