import { type ChannelCredentials, Client, credentials, Metadata } from "@grpc/grpc-js";
import type { Fields } from "../protocol/protocol.js";
import { methodOf, rawMethod, runtimeFrame, serverFrame } from "../protocol/protocol.js";
import { FrameStream } from "../wire/frame-stream.js";
import type { Trace } from "../wire/trace.js";
import { acceptsConnections } from "./accepts.js";
import { freePort } from "./free-port.js";
import { SubjectError, SubjectProcess } from "./subject-process.js";
import type { Told } from "./told.js";

/** The environment variable by which the function server learns where to listen: host:port. */
export const addressVariable = "CONFORMANCE_ADDRESS";

/** How long a subject may take until it accepts connections, in milliseconds. */
const startMsMax = 60_000;

const connect = rawMethod("FunctionServer", "Connect");
const discover = methodOf("FunctionServer", "Discover");

/** The answer of a unary call, or its status. */
export interface Answer {
  readonly status: string;
  readonly details: string;
  readonly fields: Fields;
}

/** The function server under test: started once, dialled anew for every stream. */
export class FunctionServer {
  readonly address: string;
  readonly process: SubjectProcess;
  readonly #credentials: ChannelCredentials;
  #client: Client;

  /**
   * A function server that runs already; stop() ends its process.
   *
   * @param how By which credentials it is dialled.
   */
  constructor(address: string, process: SubjectProcess, how = credentials.createInsecure()) {
    this.address = address;
    this.process = process;
    this.#credentials = how;
    this.#client = createClient(address, how);
  }

  /** @throws SubjectError when it ends, or accepts no connection in time. */
  static async start(
    command: readonly string[],
    { environment, credentials: how, startMs = startMsMax }: Told = { environment: {} },
  ): Promise<FunctionServer> {
    const address = `127.0.0.1:${await freePort()}`;
    const process = new SubjectProcess(command, { ...environment, [addressVariable]: address });
    const server = new FunctionServer(address, process, how);
    try {
      // Whether it is TLS is for the case to find out.
      if (how === undefined) await server.#ready(startMs);
      else {
        await server.#ready(startMs, () => acceptsConnections(address));
        server.#redial();
      }
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  /** Opens a stream as a runtime does. */
  open(name: string, trace: Trace, metadata = new Metadata()): FrameStream {
    const call = this.#client.makeBidiStreamRequest(
      connect.path,
      connect.requestSerialize,
      connect.responseDeserialize,
      metadata,
    );
    const codec = { outgoing: runtimeFrame, incoming: serverFrame };
    return new FrameStream({ name, call: call as never, codec, trace });
  }

  discover(request: Fields): Promise<Answer> {
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest(
        discover.path,
        discover.requestSerialize,
        discover.responseDeserialize,
        request,
        { deadline: Date.now() + 5000 },
        (error, answer) => {
          if (error === null) resolve({ status: "OK", details: "", fields: answer as Fields });
          else resolve({ status: statusName(error.message), details: error.details, fields: {} });
        },
      );
    });
  }

  /** Hangs up, and lets the process run. */
  disconnect(): void {
    this.#client.close();
  }

  async stop(): Promise<void> {
    this.disconnect();
    await this.process.stop(10_000);
  }

  async #ready(startMs: number, isReady = () => connected(this.#client)): Promise<void> {
    const untilMs = Date.now() + startMs;
    while (!(await isReady())) {
      const { exit, output } = this.process;
      if (exit !== undefined)
        throw new SubjectError(`the function server ended with ${exit}\n${output}`);
      if (Date.now() > untilMs) {
        const hint = `it has to listen on ${this.address}, which ${addressVariable} tells it`;
        throw new SubjectError(`no connection after ${Math.round(startMs)} ms: ${hint}\n${output}`);
      }
      this.#redial();
    }
  }

  /** A new channel: a failed one waits longer and longer before it tries again. */
  #redial(): void {
    this.#client.close();
    this.#client = createClient(this.address, this.#credentials);
  }
}

function createClient(address: string, how: ChannelCredentials): Client {
  return new Client(address, how, {
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
    "grpc.use_local_subchannel_pool": 1,
    // Of a certificate's names one that is no address: TLS has no place for those. [RFC 6066]
    "grpc.ssl_target_name_override": "localhost",
  });
}

function connected(client: Client): Promise<boolean> {
  return new Promise((resolve) => {
    client.waitForReady(Date.now() + 250, (error) => resolve(error === undefined));
  });
}

/** "5 NOT_FOUND: ..." begins with the code's name. */
function statusName(message: string): string {
  return /^\d+ ([A-Z_]+)/.exec(message)?.[1] ?? message;
}
