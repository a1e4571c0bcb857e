import type { ClientDuplexStream, ServerDuplexStream } from "@grpc/grpc-js";
import { Client, credentials, Metadata, Server, ServerCredentials, status } from "@grpc/grpc-js";
import type { Hello, Invocation, Result } from "@statewire/protos/statewire/v1/stream.js";
import {
  FunctionGatewayService,
  FunctionServerService,
  Result as ResultCodec,
  RuntimeFrame,
  ServerFrame,
  Welcome,
} from "@statewire/protos/statewire/v1/stream.js";

type Kind = NonNullable<RuntimeFrame["frame"]>["$case"];
type ValueOf<K extends Kind> = Extract<RuntimeFrame["frame"], { $case: K }>["value"];
type PartialWelcome = Parameters<typeof Welcome.create>[0];
type PartialResult = Parameters<typeof ResultCodec.create>[0];

const identity = (bytes: Buffer): Buffer => bytes;
const opaque = {
  requestSerialize: identity,
  requestDeserialize: identity,
  responseSerialize: identity,
  responseDeserialize: identity,
};

/** What both ends of a call have in common. */
interface Wire {
  on(event: "data", listener: (frame: Buffer) => void): unknown;
  on(event: "end" | "close", listener: () => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "status", listener: (status: { code: number; details: string }) => void): unknown;
  write(frame: Buffer): unknown;
  end(): unknown;
  emit(event: "error", error: Error): unknown;
}

/** How a stream ended: the runtime half-closed it, or the status that the call got. */
export interface StreamEnd {
  readonly code: number | null;
  readonly details: string;
}

/**
 * A function server's side of one stream, driven by a test frame by frame: it does nothing by
 * itself and may do what no SDK would.
 */
export class ScriptedStream {
  readonly #wire: Wire;
  readonly #frames: NonNullable<RuntimeFrame["frame"]>[] = [];
  readonly #invocations: Invocation[] = [];
  #changed: () => void = () => undefined;
  #end: StreamEnd | null = null;

  constructor(wire: Wire) {
    this.#wire = wire;
    wire.on("data", (bytes) => {
      const { frame } = RuntimeFrame.decode(bytes);
      if (frame !== undefined) this.#frames.push(frame);
      this.#changed();
    });
    wire.on("end", () => this.#ended({ code: null, details: "half-closed" }));
    wire.on("close", () => this.#ended({ code: null, details: "closed" }));
    wire.on("error", () => undefined);
    wire.on("status", ({ code, details }) => this.#ended({ code, details }));
  }

  /** The next frame of the kind; frames of other kinds before it are passed over. */
  async next<K extends Kind>(kind: K): Promise<ValueOf<K>> {
    for (;;) {
      const at = this.#frames.findIndex(({ $case }) => $case === kind);
      const frame = this.#frames.splice(0, at + 1)[at];
      if (frame !== undefined) return frame.value as ValueOf<K>;
      if (this.#end !== null) {
        throw new Error(`the stream ended before a ${kind}: ${JSON.stringify(this.#end)}`);
      }
      await this.#change();
    }
  }

  /** The next invocations, in order, over as many frames as it takes. */
  async invocations(count: number): Promise<Invocation[]> {
    while (this.#invocations.length < count) {
      this.#invocations.push(...(await this.next("invocations")).invocations);
    }
    return this.#invocations.splice(0, count);
  }

  async invocation(): Promise<Invocation> {
    const [invocation] = await this.invocations(1);
    if (invocation === undefined) throw new Error("unreachable");
    return invocation;
  }

  /** Frames that have come and were not taken. */
  get waiting(): readonly Kind[] {
    return this.#frames.map(({ $case }) => $case);
  }

  /** Reads Hello and answers with the table. */
  async welcome(...typeNames: string[]): Promise<Hello> {
    return this.welcomeWith({ functions: typeNames.map((typeName) => ({ typeName })) });
  }

  async welcomeWith(fields: PartialWelcome): Promise<Hello> {
    const hello = await this.next("hello");
    this.writeWelcome(fields);
    return hello;
  }

  writeWelcome(fields: PartialWelcome): void {
    const defaults = { version: 1, window: { invocations: 100, bytes: 1_000_000 } };
    this.write({ $case: "welcome", value: Welcome.create({ ...defaults, ...fields }) });
  }

  write(frame: ServerFrame["frame"]): void {
    this.writeBytes(Buffer.from(ServerFrame.encode({ frame }).finish()));
  }

  /** Bytes that need not be a frame. */
  writeBytes(bytes: Buffer): void {
    this.#wire.write(bytes);
  }

  /** One frame with these results. */
  results(...results: PartialResult[]): void {
    const value = { results: results.map((result): Result => ResultCodec.create(result)) };
    this.write({ $case: "results", value });
  }

  /** Waits for the runtime to end the stream, or for the end of the call. */
  async ended(): Promise<StreamEnd> {
    while (this.#end === null) await this.#change();
    return this.#end;
  }

  /** Ends it in order: with status OK, or by a half-close. */
  end(): void {
    this.#wire.end();
  }

  /** Ends it out of order: with a status that is not OK. For a server that was dialled. */
  cut(): void {
    const error = Object.assign(new Error("cut"), { code: status.UNAVAILABLE, details: "cut" });
    this.#wire.emit("error", error);
  }

  #ended(end: StreamEnd): void {
    // A status says more than the end that comes with it.
    if (this.#end === null || (this.#end.code === null && end.code !== null)) this.#end = end;
    this.#changed();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      const before = this.#changed;
      this.#changed = () => {
        before();
        resolve();
      };
    });
  }
}

/** A gRPC server of FunctionServer whose streams a test drives. */
export class ScriptedServer {
  readonly port: number;
  readonly #server: Server;
  readonly #streams: ScriptedStream[] = [];
  #changed: () => void = () => undefined;

  /** `port` 0: any free one. */
  static async listen(port = 0): Promise<ScriptedServer> {
    const server = new Server({ "grpc.max_receive_message_length": -1 });
    let onCall: (call: ServerDuplexStream<Buffer, Buffer>) => void = () => undefined;
    const connect = (call: ServerDuplexStream<Buffer, Buffer>) => onCall(call);
    server.addService({ connect: { ...FunctionServerService.connect, ...opaque } }, { connect });
    const bound = await new Promise<number>((resolve, reject) => {
      const insecure = ServerCredentials.createInsecure();
      server.bindAsync(`127.0.0.1:${port}`, insecure, (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
    const scripted = new ScriptedServer(server, bound);
    onCall = (call) => scripted.#add(new ScriptedStream(call));
    return scripted;
  }

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** The next stream that the runtime opens. */
  async stream(): Promise<ScriptedStream> {
    for (;;) {
      const stream = this.#streams.shift();
      if (stream !== undefined) return stream;
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  /** Ends at once, as if the process had died. */
  close(): void {
    this.#server.forceShutdown();
  }

  #add(stream: ScriptedStream): void {
    this.#streams.push(stream);
    this.#changed();
  }
}

/** A function server that dials a runtime. */
export class ScriptedDialler {
  readonly stream: ScriptedStream;
  readonly #client: Client;
  readonly #call: ClientDuplexStream<Buffer, Buffer>;

  constructor(grpcAddress: string, authorization?: string) {
    this.#client = new Client(grpcAddress, credentials.createInsecure());
    const { path } = FunctionGatewayService.attach;
    const metadata = new Metadata();
    if (authorization !== undefined) metadata.set("authorization", authorization);
    this.#call = this.#client.makeBidiStreamRequest(path, identity, identity, metadata);
    this.stream = new ScriptedStream(this.#call);
  }

  /** Ends the call at once, as if the process had died. */
  abort(): void {
    this.#call.cancel();
    this.#client.close();
  }

  close(): void {
    this.#client.close();
  }
}
