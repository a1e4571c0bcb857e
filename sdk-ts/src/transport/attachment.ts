import { Client, type ClientDuplexStream, type StatusObject } from "@grpc/grpc-js";
import type { ServeEvent } from "../serve-event.js";
import { createMetadata } from "./authorization.js";
import { backoffDelayMs } from "./backoff.js";
import { FrameInbox } from "./frame-inbox.js";
import { keepalive } from "./keepalive.js";
import { functionGatewayService } from "./services.js";
import type { StreamHost } from "./stream-host.js";
import { createChannelCredentials, type TlsOptions } from "./tls.js";

/** Whom to dial, and who takes the stream. */
export interface AttachmentOptions {
  /** "host:port" of the runtime. */
  readonly address: string;
  readonly tls: TlsOptions | undefined;
  readonly authorization: string | undefined;
  readonly host: StreamHost;
  readonly onEvent: (event: ServeEvent) => void;
}

/**
 * Dials a runtime and keeps dialling: whenever its stream ends, the next attempt follows after a
 * delay that grows until a handshake has completed.
 */
export class Attachment {
  readonly #options: AttachmentOptions;
  #client: Client | undefined;
  #attempt = 0;
  #redial: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: AttachmentOptions) {
    this.#options = options;
    this.#dial();
  }

  /** Dials no more. The stream that is open stays so. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#redial);
  }

  /** Closes the connection. */
  close(): void {
    this.stop();
    this.#client?.close();
  }

  #dial(): void {
    const { host, address, tls, authorization } = this.#options;
    // A channel that failed reconnects at a pace of its own: each attempt gets a new one.
    this.#client?.close();
    const client = new Client(address, createChannelCredentials(tls), {
      "grpc.use_local_subchannel_pool": 1,
      "grpc.max_receive_message_length": host.offer.frameBytesMax,
      "grpc.max_send_message_length": -1,
      ...keepalive,
    });
    this.#client = client;
    const { path, requestSerialize, responseDeserialize } = functionGatewayService.attach;
    const call: ClientDuplexStream<Buffer, Buffer> = client.makeBidiStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      createMetadata(authorization),
    );
    const stream = host.open(address, {
      write: (frame) => call.write(frame),
      end: (error) => {
        call.end();
        if (error === undefined) {
          // Nobody has to answer a half-closed call: without a reason to go on, it is ended here.
          setImmediate(() => call.cancel());
        }
      },
    });
    const inbox = new FrameInbox((frame) => stream.driver.receive(frame));
    call.on("data", (frame: Buffer) => inbox.push(frame));
    call.on("drain", () => stream.driver.resume());
    call.on("end", () => {
      inbox.flush();
      stream.driver.halfClosed();
    });
    // The status says the same; without a listener the error would end the process.
    call.on("error", () => undefined);
    call.on("status", ({ code, details }: StatusObject) => {
      inbox.close();
      const reason = describeStatus(code, details);
      stream.lost(reason);
      this.#attempt = stream.wasOpened() ? 0 : this.#attempt;
      this.#redialLater(reason, stream.hadProtocolError());
    });
  }

  #redialLater(reason: string, afterProtocolError: boolean): void {
    if (this.#stopped) {
      return;
    }
    const delayMs = backoffDelayMs(this.#attempt, Math.random(), afterProtocolError);
    this.#attempt++;
    this.#options.onEvent({
      kind: "redialling",
      peer: this.#options.address,
      reason,
      delayMs,
      attempt: this.#attempt,
    });
    this.#redial = setTimeout(() => this.#dial(), delayMs);
  }
}

/** Of what the gRPC library says around an error of the connection, only the error. */
function describeStatus(code: number, details: string): string {
  const connection =
    /^No connection established\. Last error: (?:Error: )?(.*?)\. Resolution note:/s;
  const [, error] = connection.exec(details) ?? [];
  if (error !== undefined) {
    return error;
  }
  return details === "" ? `status ${code}` : `status ${code}, ${details}`;
}
