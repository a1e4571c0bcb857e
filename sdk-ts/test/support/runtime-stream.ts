import { ChannelCredentials, type ClientDuplexStream, type ServiceError } from "@grpc/grpc-js";
import {
  FunctionServerClient,
  Input,
  Invocation,
  type InvocationBatch,
  type Result,
  RuntimeFrame,
  type ServerFrame,
  type Welcome,
} from "@statewire/protos/statewire/v1/stream.js";

type FrameKind = NonNullable<ServerFrame["frame"]>["$case"];
type FrameOf<Kind extends FrameKind> = Extract<
  NonNullable<ServerFrame["frame"]>,
  { $case: Kind }
>["value"];

/** How a stream ended, as gRPC tells the side that dialled. */
export interface StreamEnd {
  readonly code: number;
  readonly details: string;
}

/** Limits as a runtime would send them. */
export const testLimits = {
  frameBytesMax: 4_194_304,
  valueBytesMax: 1_048_576,
  idBytesMax: 512,
  effectsMax: 1000,
  resultCreditBytes: 16_777_216,
};

export function hello(overrides: Partial<RuntimeHello> = {}): RuntimeFrame {
  return RuntimeFrame.create({
    frame: {
      $case: "hello",
      value: {
        versions: [1],
        runtimeName: "test",
        runtimeVersion: "0",
        nodeId: "node",
        limits: testLimits,
        features: ["leases", "lazy-state"],
        ...overrides,
      },
    },
  });
}

type RuntimeHello = Extract<NonNullable<RuntimeFrame["frame"]>, { $case: "hello" }>["value"];

export function invocations(
  list: readonly Partial<Invocation>[],
  more: Partial<InvocationBatch> = {},
): RuntimeFrame {
  return {
    frame: {
      $case: "invocations",
      value: {
        types: more.types ?? [],
        invocations: list.map((invocation) => Invocation.create(invocation)),
        resultCreditBytes: more.resultCreditBytes ?? 0,
      },
    },
  };
}

export function input(
  typename: string,
  value: Uint8Array | undefined,
  more: Partial<Input> = {},
): Input {
  return {
    ...Input.create(more),
    typename,
    value: value === undefined ? undefined : Buffer.from(value),
  };
}

/** The runtime's end of one stream: frames go out by `send`, and come in by `next`. */
export class RuntimeStream {
  readonly #call: ClientDuplexStream<RuntimeFrame, ServerFrame>;
  readonly #frames: ServerFrame[] = [];
  readonly #waiting: ((frame: ServerFrame | undefined) => void)[] = [];
  readonly ended: Promise<StreamEnd>;

  constructor(call: ClientDuplexStream<RuntimeFrame, ServerFrame>) {
    this.#call = call;
    call.on("data", (frame: ServerFrame) => {
      const waiter = this.#waiting.shift();
      if (waiter === undefined) {
        this.#frames.push(frame);
      } else {
        waiter(frame);
      }
    });
    call.on("error", (_error: ServiceError) => undefined);
    this.ended = new Promise((resolve) => {
      call.on("status", ({ code, details }: StreamEnd) => {
        for (const waiter of this.#waiting.splice(0)) {
          waiter(undefined);
        }
        resolve({ code, details });
      });
    });
  }

  send(frame: RuntimeFrame): void {
    this.#call.write(frame);
  }

  /** Half-closes the stream: the runtime has nothing more to say. */
  close(): void {
    this.#call.end();
  }

  /** Loses the stream. */
  cancel(): void {
    this.#call.cancel();
  }

  /** The next frame, which must be of the kind. */
  async next<Kind extends FrameKind>(kind: Kind): Promise<FrameOf<Kind>> {
    const frame = await this.#nextFrame();
    if (frame?.frame?.$case !== kind) {
      throw new Error(`expected ${kind}, received ${JSON.stringify(frame)}`);
    }
    return frame.frame.value as FrameOf<Kind>;
  }

  /** Results until there are `count`, in order of arrival. */
  async nextResults(count: number): Promise<Result[]> {
    const results: Result[] = [];
    while (results.length < count) {
      results.push(...(await this.next("results")).results);
    }
    return results;
  }

  /** Says hello and returns the answer. */
  async greet(frame: RuntimeFrame = hello()): Promise<Welcome> {
    this.send(frame);
    return this.next("welcome");
  }

  #nextFrame(): Promise<ServerFrame | undefined> {
    const ready = this.#frames.shift();
    return ready === undefined
      ? new Promise((resolve) => this.#waiting.push(resolve))
      : Promise.resolve(ready);
  }
}

/** Dials a function server as a runtime does. */
export function dial(address: string): { client: FunctionServerClient; stream: RuntimeStream } {
  const client = new FunctionServerClient(address, ChannelCredentials.createInsecure());
  return { client, stream: new RuntimeStream(client.connect()) };
}
