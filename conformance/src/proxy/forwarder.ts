import {
  Client,
  credentials,
  type Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type StatusObject,
  type sendUnaryData,
  status,
} from "@grpc/grpc-js";
import { rawMethod } from "../protocol/protocol.js";

/** Which way a message goes. */
export type Direction = "toServer" | "toRuntime";

/** One stream that is being forwarded. */
export interface ForwardedStream {
  /** From 1, in the order in which streams were opened. */
  readonly number: number;
  /** Sends a message to a side, at once, as if the other side had. */
  inject(direction: Direction, bytes: Buffer): void;
  /** Ends the stream on both sides, as lost. */
  cut(): void;
}

/** Who sees, and may change, what goes by. */
export interface Tap {
  opened?(stream: ForwardedStream): void;
  /** What goes on in place of the message; an empty list keeps it back. */
  message(stream: ForwardedStream, direction: Direction, bytes: Buffer): readonly Buffer[];
  /** The side that dialled will send nothing more. */
  halfClosed?(stream: ForwardedStream): void;
  /** Whether the end that the dialled side gave is passed on. Default: it is. */
  ended?(stream: ForwardedStream, end: StatusObject): boolean;
}

const connect = rawMethod("FunctionServer", "Connect");
const attach = rawMethod("FunctionGateway", "Attach");
const discover = rawMethod("FunctionServer", "Discover");
const unlimited = {
  "grpc.max_receive_message_length": -1,
  "grpc.max_send_message_length": -1,
};

type Call = ServerDuplexStream<Buffer, Buffer>;

/**
 * Stands between two sides: who dials it, a runtime by Connect or a function server by Attach, and the
 * other one, which it dials.
 */
export class Forwarder {
  readonly #server = new Server({
    ...unlimited,
    "grpc.http2.max_ping_strikes": 0,
    "grpc.http2.min_ping_interval_without_data_ms": 5000,
  } as never);
  readonly #client: Client;
  readonly #tap: Tap;
  #streams = 0;

  /** @param target The side that is dialled, host:port. */
  constructor(target: string, tap: Tap) {
    this.#client = new Client(target, credentials.createInsecure(), unlimited);
    this.#tap = tap;
    this.#server.addService(
      { Connect: connect, Discover: discover },
      {
        Connect: (call: Call) => this.#forward(call, connect, "toServer"),
        Discover: (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) =>
          this.#discover(call, answer),
      },
    );
    this.#server.addService(
      { Attach: attach },
      { Attach: (call: Call) => this.#forward(call, attach, "toRuntime") },
    );
  }

  /** Resolves to the port. @throws Error when the address cannot be bound. */
  listen(address: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) => {
        if (error === null) resolve(port);
        else reject(error);
      });
    });
  }

  close(): void {
    this.#server.forceShutdown();
    this.#client.close();
  }

  #discover(call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>): void {
    this.#client.makeUnaryRequest(
      discover.path,
      discover.requestSerialize,
      discover.responseDeserialize,
      call.request,
      (error, response) => answer(error, response),
    );
  }

  /** @param upwards Which way the frames of the side that dialled go. */
  #forward(down: Call, method: typeof connect, upwards: Direction): void {
    const downwards = upwards === "toServer" ? "toRuntime" : "toServer";
    const up = this.#client.makeBidiStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      down.metadata,
    );
    const stream: ForwardedStream = {
      number: ++this.#streams,
      inject: (direction, bytes) => (direction === upwards ? up : down).write(bytes),
      cut: () => {
        up.cancel();
        down.emit("error", { code: status.UNAVAILABLE, details: "cut by the proxy" });
      },
    };
    this.#tap.opened?.(stream);
    const pass = (direction: Direction, bytes: Buffer) => {
      for (const each of this.#tap.message(stream, direction, bytes))
        stream.inject(direction, each);
    };
    down.on("data", (bytes: Buffer) => pass(upwards, bytes));
    down.on("end", () => {
      this.#tap.halfClosed?.(stream);
      up.end();
    });
    down.on("cancelled", () => up.cancel());
    down.on("error", () => up.cancel());
    up.on("metadata", (metadata: Metadata) => down.sendMetadata(metadata));
    up.on("data", (bytes: Buffer) => pass(downwards, bytes));
    up.on("error", () => undefined);
    up.on("status", (end: StatusObject) => {
      if (this.#tap.ended?.(stream, end) === false) return;
      if (end.code === status.OK) down.end();
      else down.emit("error", { code: end.code, details: end.details });
    });
  }
}
