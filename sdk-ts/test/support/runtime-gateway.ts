import { Server, ServerCredentials, type ServerDuplexStream, status } from "@grpc/grpc-js";
import {
  FunctionGatewayService,
  type RuntimeFrame,
  type ServerFrame,
} from "@statewire/protos/statewire/v1/stream.js";

/** A function server that has dialled in, as the runtime sees it. */
export class AttachedServer {
  readonly #call: ServerDuplexStream<ServerFrame, RuntimeFrame>;
  readonly #frames: ServerFrame[] = [];
  readonly #waiting: ((frame: ServerFrame | undefined) => void)[] = [];
  /** Resolves when the function server has half-closed or cancelled. */
  readonly ended: Promise<void>;

  constructor(call: ServerDuplexStream<ServerFrame, RuntimeFrame>) {
    this.#call = call;
    call.on("data", (frame: ServerFrame) => {
      const waiter = this.#waiting.shift();
      if (waiter === undefined) {
        this.#frames.push(frame);
      } else {
        waiter(frame);
      }
    });
    this.ended = new Promise((resolve) => {
      const settle = (): void => {
        for (const waiter of this.#waiting.splice(0)) {
          waiter(undefined);
        }
        resolve();
      };
      call.on("end", settle);
      call.on("cancelled", settle);
      call.on("error", settle);
    });
  }

  send(frame: RuntimeFrame): void {
    this.#call.write(frame);
  }

  next(): Promise<ServerFrame | undefined> {
    const ready = this.#frames.shift();
    return ready === undefined
      ? new Promise((resolve) => this.#waiting.push(resolve))
      : Promise.resolve(ready);
  }

  /** Ends the stream in order, as a runtime does when nothing is in flight. */
  close(): void {
    this.#call.end();
  }

  /** Ends the stream for a reason that no protocol knows. */
  fail(): void {
    this.#call.emit("error", { code: status.UNAVAILABLE, details: "restarting" });
  }
}

/** A runtime's port that function servers dial. */
export class RuntimeGateway {
  readonly #server = new Server();
  readonly #attached: AttachedServer[] = [];
  readonly #waiting: ((attached: AttachedServer) => void)[] = [];

  constructor() {
    this.#server.addService(FunctionGatewayService, {
      attach: (call: ServerDuplexStream<ServerFrame, RuntimeFrame>) => {
        const attached = new AttachedServer(call);
        const waiter = this.#waiting.shift();
        if (waiter === undefined) {
          this.#attached.push(attached);
        } else {
          waiter(attached);
        }
      },
    });
  }

  /** Listens, and answers with the port. */
  listen(port = 0): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(
        `127.0.0.1:${port}`,
        ServerCredentials.createInsecure(),
        (error, bound) => (error === null ? resolve(bound) : reject(error)),
      );
    });
  }

  nextAttached(): Promise<AttachedServer> {
    const ready = this.#attached.shift();
    return ready === undefined
      ? new Promise((resolve) => this.#waiting.push(resolve))
      : Promise.resolve(ready);
  }

  close(): void {
    this.#server.forceShutdown();
  }
}
