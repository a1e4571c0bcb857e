import {
  type ServerCredentials as Credentials,
  type Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  status,
} from "@grpc/grpc-js";
import { rawMethod, runtimeFrame, serverFrame } from "../protocol/protocol.js";
import { FrameStream } from "../wire/frame-stream.js";
import type { Trace } from "../wire/trace.js";

/** What the kit plays when it is dialled. */
export type KitRole = "runtime" | "functionServer";

const roles = {
  runtime: {
    method: rawMethod("FunctionGateway", "Attach"),
    codec: { outgoing: runtimeFrame, incoming: serverFrame },
  },
  functionServer: {
    method: rawMethod("FunctionServer", "Connect"),
    codec: { outgoing: serverFrame, incoming: runtimeFrame },
  },
} as const;

type Call = ServerDuplexStream<Buffer, Buffer>;

/** A stream that the subject has opened. */
export interface DialledStream {
  readonly stream: FrameStream;
  readonly metadata: Metadata;
  /** Whether the subject has shown a certificate that the kit's authority has signed. */
  readonly showedCertificate: boolean;
  /** When it was opened, by performance.now(). */
  readonly openedMs: number;
  /** Ends the call as [ERROR-5] asks after a protocol error. */
  endAfterError(): void;
}

/** Whom a subject dials: the kit as the gRPC server of the stream. */
export class KitServer {
  readonly #server = new Server({
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
  });
  readonly #role: KitRole;
  readonly #trace: Trace;
  readonly #opened: DialledStream[] = [];
  #waiting: (() => void) | undefined;
  #streams = 0;

  constructor(role: KitRole, trace: Trace) {
    this.#role = role;
    this.#trace = trace;
    const { method } = roles[role];
    this.#server.addService({ open: method }, { open: (call: Call) => this.#take(call) });
  }

  /** Resolves to the address. @param port 0: any free one. */
  listen(port = 0, credentials: Credentials = ServerCredentials.createInsecure()): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(`127.0.0.1:${port}`, credentials, (error, bound) => {
        if (error === null) resolve(`127.0.0.1:${bound}`);
        else reject(error);
      });
    });
  }

  /** Frees the port; may be called again. */
  close(): void {
    this.#server.forceShutdown();
  }

  /** The next stream that the subject opens; undefined when it opens none in time. */
  async next(withinMs: number): Promise<DialledStream | undefined> {
    if (this.#opened.length === 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, withinMs);
        this.#waiting = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#waiting = undefined;
    }
    return this.#opened.shift();
  }

  #take(call: Call): void {
    const { codec } = roles[this.#role];
    // What a client learns by the status, the end that was dialled sees in these events.
    let hasEnded = false;
    const end = (code: status) => {
      if (!hasEnded) call.emit("status", { code, details: "" });
      hasEnded = true;
    };
    call.on("end", () => end(call.cancelled ? status.CANCELLED : status.OK));
    call.on("cancelled", () => end(status.CANCELLED));
    // destroy() would leave the call open.
    const endWith = (code: status) => call.emit("error", { code, details: "ended by the kit" });
    const cancel = () => endWith(status.UNAVAILABLE);
    const name = `dialled-${++this.#streams}`;
    this.#opened.push({
      stream: new FrameStream({
        name,
        call: Object.assign(call, { cancel }) as never,
        codec,
        trace: this.#trace,
      }),
      metadata: call.metadata,
      showedCertificate: call.getAuthContext().sslPeerCertificate !== undefined,
      openedMs: performance.now(),
      endAfterError: () => endWith(status.INVALID_ARGUMENT),
    });
    this.#waiting?.();
  }
}
