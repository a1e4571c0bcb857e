import { readFileSync } from "node:fs";
import type { ChannelCredentials, ClientDuplexStream, ServiceError } from "@grpc/grpc-js";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { FunctionServerService } from "@statewire/protos/statewire/v1/stream.js";
import { describeGrpcProblem } from "../codec/grpc-problem.js";
import { ResultDecoder } from "../codec/result-decoder.js";
import type { ServerHandshake } from "../codec/welcome-codec.js";
import { covers } from "../core/address.js";
import { overrideAddress } from "../module/host-overrides.js";
import type { GrpcEndpointSpec, TlsSpec } from "../module/module.js";
import { Backoff, rejectionBackoff } from "./backoff.js";
import type { EndpointStatus } from "./endpoint-status.js";
import { FrameInbox } from "./frame-inbox.js";
import type { DispatchSession } from "./session.js";
import type { StreamOptions } from "./stream-options.js";
import { channelOptions, lingerMs } from "./stream-options.js";
import { StreamSession } from "./stream-session.js";

type Call = ClientDuplexStream<Buffer, Buffer>;

const connectPath = FunctionServerService.connect.path;

/**
 * One function server that the runtime dials: connects, keeps a session, and dials again with
 * back-off when it ends. One log line per change of state.
 */
export class Endpoint {
  readonly #spec: GrpcEndpointSpec;
  readonly #address: string;
  readonly #options: StreamOptions;
  readonly #backoff: Backoff;
  /** Of rejections in a row. */
  readonly #rejections = new Backoff(rejectionBackoff);
  readonly #sessions: Map<number, DispatchSession>;
  #client: Client | null = null;
  #call: Call | null = null;
  #session: StreamSession | null = null;
  #timer: NodeJS.Timeout | null = null;
  #closing = false;
  #status: Omit<EndpointStatus, "endpoint" | "address">;

  constructor(
    spec: GrpcEndpointSpec,
    address: string,
    parts: { readonly options: StreamOptions; readonly sessions: Map<number, DispatchSession> },
  ) {
    this.#spec = spec;
    this.#address = address;
    this.#options = parts.options;
    this.#sessions = parts.sessions;
    this.#backoff = new Backoff(spec.retry);
    this.#status = { state: "connecting", reason: "", sdk: "", functions: [], session: 0 };
  }

  status(): EndpointStatus {
    const endpoint = this.#spec.functions.join(" ");
    return { endpoint, address: this.#address, ...this.#status };
  }

  /** Dials. Never throws: what goes wrong is the endpoint's state. */
  connect(): void {
    if (this.#closing) return;
    this.#timer = null;
    const { frameBytesMax, hello, limits, submit, nextSession, handshakeTimeoutMs } = this.#options;
    const { tls, authorization } = this.#spec;
    const metadata = new Metadata();
    const place = overrideAddress(this.#options.hosts, this.#address);
    const target = place ?? this.#address;
    let client: Client;
    try {
      if (authorization !== null) metadata.set("authorization", authorization.reveal(process.env));
      client = new Client(target, credentialsOf(tls), {
        ...channelOptions(frameBytesMax),
        ...nameOptions(this.#address, tls?.serverName ?? null, place !== undefined),
      });
    } catch (error) {
      this.#ended(`cannot dial: ${(error as Error).message}`);
      return;
    }
    this.#client = client;
    const call: Call = client.makeBidiStreamRequest(connectPath, identity, identity, metadata);
    this.#call = call;
    const session = new StreamSession({
      id: nextSession(),
      hello,
      decoder: new ResultDecoder(limits),
      submit,
      transport: { write: (frame) => void call.write(frame), end: () => end(call) },
      onReady: (handshake) => this.#ready(session, handshake),
      onAttached: () => this.#attached(),
      onDraining: () => this.#change("draining", "the server is draining"),
      onProtocolError: ({ clause, message, from }) => {
        const who = from === "us" ? "the server broke" : "the server reports";
        this.#change("rejected", `${who} [${clause}]: ${message}`);
      },
    });
    this.#session = session;
    this.#sessions.set(session.id, session);
    const handshake = setTimeout(() => {
      finish(`no Welcome within ${handshakeTimeoutMs} ms`);
      call.cancel();
    }, handshakeTimeoutMs);
    const inbox = new FrameInbox((frame) => {
      clearTimeout(handshake);
      session.receive(frame);
    });
    call.on("data", (frame: Buffer) => inbox.push(frame));
    call.on("error", (error: ServiceError) =>
      finish(describeGrpcProblem(error.details || error.message)),
    );
    call.on("end", () => finish("the server ended the stream"));
    let finished = false;
    const finish = (reason: string): void => {
      if (finished) return;
      finished = true;
      // Results that came before the end count.
      inbox.flush();
      clearTimeout(handshake);
      this.#sessions.delete(session.id);
      session.lost();
      client.close();
      this.#ended(reason);
    };
  }

  /** Asks the server's stream to end once nothing is in flight; nothing new is dialled. */
  drain(reason: string): void {
    this.#closing = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#session === null || this.#session.isHandshaking) this.close();
    else this.#session.drain(reason);
  }

  close(): void {
    this.#closing = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#call?.cancel();
    this.#client?.close();
  }

  #ready(session: StreamSession, handshake: ServerHandshake): ServerHandshake["functions"] {
    this.#backoff.reset();
    const patterns = this.#spec.functions;
    const bound = handshake.functions.filter(({ pattern }) =>
      patterns.some((declared) => declared === pattern || covers(declared, pattern)),
    );
    this.#status = {
      ...this.#status,
      sdk: handshake.sdk,
      functions: bound.map(({ pattern }) => pattern),
      session: session.id,
    };
    if (bound.length === 0) {
      const offered = handshake.functions.map(({ pattern }) => pattern).join(", ");
      this.#change("rejected", `it serves ${offered}, and the module wants ${patterns.join(", ")}`);
    }
    return bound;
  }

  /** Only now: a table that the core cannot serve would else be ready and rejected in turn. */
  #attached(): void {
    if (this.#status.functions.length > 0) this.#change("ready", "");
  }

  #ended(reason: string): void {
    this.#session = null;
    this.#call = null;
    this.#client = null;
    this.#status = { ...this.#status, session: 0 };
    if (this.#closing) return;
    let delayMs = this.#backoff.nextMs();
    if (this.#status.state === "rejected") {
      delayMs = Math.max(delayMs, this.#rejections.nextMs());
    } else {
      this.#rejections.reset();
      this.#change("backing-off", reason);
    }
    this.#timer = setTimeout(() => this.connect(), delayMs);
  }

  /**
   * Logs a change once: an endpoint that stays down says so one time, not at every attempt. What it
   * is rejected for is worth a line whenever it is something else.
   */
  #change(state: EndpointStatus["state"], reason: string): void {
    const isOther = state === "rejected" && reason !== this.#status.reason;
    const changed = isOther || state !== this.#status.state;
    this.#status = { ...this.#status, state, reason };
    if (!changed) return;
    const { logger } = this.#options;
    const fields = { endpoint: this.#address, functions: this.#spec.functions };
    if (state === "ready") logger.info({ ...fields, sdk: this.#status.sdk }, "endpoint ready");
    else logger.warn({ ...fields, reason }, `endpoint ${state}`);
  }
}

function identity(bytes: Buffer): Buffer {
  return bytes;
}

/** Half-closes, and cuts the call when the peer does not end it. */
function end(call: Call): void {
  call.end();
  setTimeout(() => call.cancel(), lingerMs).unref();
}

/** The name that the server is called, and that its certificate is checked for. */
function nameOptions(
  address: string,
  serverName: string | null,
  isElsewhere: boolean,
): Record<string, string> {
  if (serverName !== null) return { "grpc.ssl_target_name_override": serverName };
  if (!isElsewhere) return {};
  const host = address.slice(0, address.lastIndexOf(":"));
  return { "grpc.ssl_target_name_override": host, "grpc.default_authority": address };
}

function credentialsOf(tls: TlsSpec | null): ChannelCredentials {
  if (tls === null) return credentials.createInsecure();
  const read = (path: string | null): Buffer | null => (path === null ? null : readFileSync(path));
  return credentials.createSsl(read(tls.caFile), read(tls.keyFile), read(tls.certFile));
}
