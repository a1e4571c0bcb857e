import {
  Expiration_Mode,
  Failure_Code,
  RuntimeFrame,
  ServerFrame,
} from "../src/gen/statewire/v1/stream.js";

/** One frame that PROTOCOL.md shows in full. */
export interface ExampleFrame {
  readonly title: string;
  /** The message that its direction has. */
  readonly messageName: "statewire.v1.RuntimeFrame" | "statewire.v1.ServerFrame";
  readonly bytes: Uint8Array;
}

/** The frames of one short session, in order. */
export const exampleFrames: readonly ExampleFrame[] = [
  { title: "Hello", messageName: "statewire.v1.RuntimeFrame", bytes: encodeHello() },
  { title: "Welcome", messageName: "statewire.v1.ServerFrame", bytes: encodeWelcome() },
  {
    title: "InvocationBatch",
    messageName: "statewire.v1.RuntimeFrame",
    bytes: encodeInvocations(),
  },
  { title: "ResultBatch", messageName: "statewire.v1.ServerFrame", bytes: encodeResults() },
];

/** io.statefun.types/long: a message with one sfixed64, field 1. */
function long(value: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = 0x09;
  bytes.writeBigInt64LE(BigInt(value), 1);
  return bytes;
}

function encodeHello(): Uint8Array {
  return RuntimeFrame.encode(
    RuntimeFrame.fromPartial({
      frame: {
        $case: "hello",
        value: {
          versions: [1],
          runtimeName: "statewire",
          runtimeVersion: "0.1.0",
          nodeId: "node-1",
          limits: {
            frameBytesMax: 16_777_216,
            valueBytesMax: 4_194_304,
            idBytesMax: 1_024,
            effectsMax: 10_000,
            resultCreditBytes: 67_108_864,
          },
          features: ["leases", "lazy-state"],
        },
      },
    }),
  ).finish();
}

function encodeWelcome(): Uint8Array {
  return ServerFrame.encode(
    ServerFrame.fromPartial({
      frame: {
        $case: "welcome",
        value: {
          version: 1,
          sdkName: "statewire-sdk-ts",
          sdkVersion: "0.1.0",
          functions: [
            {
              typeName: "example/counter",
              states: [
                {
                  name: "count",
                  typename: "io.statefun.types/long",
                  expiration: { mode: Expiration_Mode.AFTER_WRITE, durationMs: 86_400_000 },
                },
              ],
              batchMax: 100,
            },
            { typeName: "example.mail/*" },
          ],
          features: ["leases"],
          window: { invocations: 1_000, bytes: 16_777_216 },
          leasedAddressesMax: 10_000,
        },
      },
    }),
  ).finish();
}

function encodeInvocations(): Uint8Array {
  return RuntimeFrame.encode(
    RuntimeFrame.fromPartial({
      frame: {
        $case: "invocations",
        value: {
          types: [{ index: 3, typeName: "example.mail/greeter", entry: 2 }],
          invocations: [
            {
              invocationId: 1,
              type: 1,
              id: "ann",
              inputs: [
                { typename: "io.statefun.types/long", value: long(1), wantsReply: true },
                {
                  callerType: 3,
                  callerId: "ann",
                  typename: "io.statefun.types/long",
                  value: long(1),
                },
              ],
              states: [{ state: 0, value: long(40) }],
              timeoutMs: 30_000,
            },
            {
              invocationId: 2,
              type: 3,
              id: "bob",
              inputs: [{ typename: "example/ping", value: Buffer.alloc(0) }],
              timeoutMs: 30_000,
              attempt: 1,
            },
          ],
        },
      },
    }),
  ).finish();
}

function encodeResults(): Uint8Array {
  return ServerFrame.encode(
    ServerFrame.fromPartial({
      frame: {
        $case: "results",
        value: {
          results: [
            {
              invocationId: 2,
              failure: {
                code: Failure_Code.BAD_INPUT,
                message: "example.mail/greeter takes no example/ping",
                retryable: false,
              },
            },
            {
              invocationId: 1,
              stateChanges: [{ state: 0, value: long(42) }],
              sends: [{ type: 3, id: "ann", typename: "io.statefun.types/long", value: long(42) }],
              timerChanges: [
                {
                  change: {
                    $case: "schedule",
                    value: {
                      send: { type: 1, id: "ann", typename: "io.statefun.types/long" },
                      delayMs: 60_000,
                      cancellationToken: "reset",
                    },
                  },
                },
              ],
              egressRecords: [
                { egress: "example/audit", typename: "io.statefun.types/long", value: long(42) },
              ],
              replies: [{ input: 0, typename: "io.statefun.types/long", value: long(42) }],
            },
          ],
        },
      },
    }),
  ).finish();
}
