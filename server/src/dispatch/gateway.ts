import type {
  ServerDuplexStream,
  ServiceDefinition,
  UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { status } from "@grpc/grpc-js";
import { FunctionGatewayService } from "@statewire/protos/statewire/v1/stream.js";
import { ResultDecoder } from "../codec/result-decoder.js";
import { cutForPeople } from "../codec/shown-text.js";
import type { EndpointStatus } from "./endpoint-status.js";
import { FrameInbox } from "./frame-inbox.js";
import { type Admission, forbidden, type GatewayGuard } from "./gateway-guard.js";
import type { DispatchSession } from "./session.js";
import type { StreamOptions } from "./stream-options.js";
import { StreamSession } from "./stream-session.js";

type Call = ServerDuplexStream<Buffer, Buffer>;

/**
 * FunctionGateway: function servers without an inbound port dial in. Same frames, gRPC roles
 * swapped. [ROLE-2]
 */
export class Gateway {
  readonly #options: StreamOptions;
  readonly #guard: GatewayGuard;
  readonly #sessions: Map<number, DispatchSession>;
  readonly #statuses = new Map<number, EndpointStatus>();
  readonly #calls = new Set<Call>();

  constructor(parts: {
    readonly options: StreamOptions;
    readonly sessions: Map<number, DispatchSession>;
    readonly guard: GatewayGuard;
  }) {
    this.#options = parts.options;
    this.#sessions = parts.sessions;
    this.#guard = parts.guard;
  }

  /** The service with opaque frames: the session decodes them. */
  get definition(): ServiceDefinition {
    const { attach } = FunctionGatewayService;
    const identity = (bytes: Buffer): Buffer => bytes;
    return {
      attach: {
        ...attach,
        requestSerialize: identity,
        requestDeserialize: identity,
        responseSerialize: identity,
        responseDeserialize: identity,
      },
    };
  }

  get implementation(): UntypedServiceImplementation {
    return { attach: (call: Call) => this.#admit(call) };
  }

  statuses(): readonly EndpointStatus[] {
    return [...this.#statuses.values()];
  }

  drain(reason: string): void {
    for (const id of this.#statuses.keys()) this.#sessions.get(id)?.drain(reason);
  }

  close(): void {
    for (const call of this.#calls) endWith(call, status.UNAVAILABLE, "the runtime has stopped");
  }

  #admit(call: Call): void {
    const sent = call.metadata.get("authorization").map(String);
    let admission: Admission = { kind: "unknown" };
    let reason =
      sent.length === 0 ? "it sent no authorization" : "no endpoint has its authorization";
    try {
      admission = this.#guard.admit(sent);
    } catch (error) {
      // A secret that cannot be read: nobody is known.
      reason = (error as Error).message;
    }
    if (admission.kind === "known") {
      this.#attach(call, admission);
      return;
    }
    this.#options.logger.warn({ peer: call.getPeer(), reason }, "function server unknown");
    const details = "the authorization is missing, or not one that this runtime knows";
    endWith(call, status.UNAUTHENTICATED, details);
  }

  #attach(call: Call, admission: Admission): void {
    const { hello, limits, submit, nextSession } = this.#options;
    const id = nextSession();
    let violated = false;
    this.#calls.add(call);
    this.#change(id, { state: "connecting", address: call.getPeer() });
    const session = new StreamSession({
      id,
      hello,
      decoder: new ResultDecoder(limits),
      submit,
      transport: {
        write: (frame) => void call.write(frame),
        end: () => {
          if (!violated) call.end();
          else endWith(call, status.INVALID_ARGUMENT, "protocol error");
        },
      },
      onReady: (handshake) => {
        const functions = handshake.functions.map(({ pattern }) => pattern);
        this.#change(id, { sdk: handshake.sdk, functions, session: id });
        const refused = forbidden(admission, functions);
        if (refused.length === 0) return handshake.functions;
        const reason = `its authorization is not for ${refused.join(", ")}`;
        this.#change(id, { state: "rejected", reason });
        endWith(call, status.PERMISSION_DENIED, cutForPeople(reason));
        return [];
      },
      onAttached: () => this.#change(id, { state: "ready" }),
      onDraining: () => this.#change(id, { state: "draining", reason: "the server is draining" }),
      onProtocolError: ({ clause, message, from }) => {
        violated = true;
        const who = from === "us" ? "the server broke" : "the server reports";
        this.#change(id, { state: "rejected", reason: `${who} [${clause}]: ${message}` });
      },
    });
    this.#sessions.set(id, session);
    this.#listen(call, session);
  }

  #listen(call: Call, session: StreamSession): void {
    const { handshakeTimeoutMs } = this.#options;
    const handshake = setTimeout(() => {
      endWith(call, status.DEADLINE_EXCEEDED, `no Welcome within ${handshakeTimeoutMs} ms`);
    }, handshakeTimeoutMs);
    const inbox = new FrameInbox((frame) => {
      clearTimeout(handshake);
      session.receive(frame);
    });
    let finished = false;
    const finish = (): void => {
      if (finished) return;
      finished = true;
      // Results that came before the end count.
      inbox.flush();
      clearTimeout(handshake);
      this.#calls.delete(call);
      this.#sessions.delete(session.id);
      this.#gone(session.id);
      session.lost();
    };
    call.on("data", (frame: Buffer) => inbox.push(frame));
    call.on("cancelled", finish);
    call.on("error", finish);
    call.on("close", finish);
    call.on("end", () => {
      call.end();
      finish();
    });
  }

  #gone(id: number): void {
    const { address, functions, state } = this.#statuses.get(id) ?? newStatus;
    this.#statuses.delete(id);
    if (state !== "ready" && state !== "draining") return;
    this.#options.logger.info({ peer: address, functions }, "function server gone");
  }

  #change(id: number, change: Partial<EndpointStatus>): void {
    const before = this.#statuses.get(id) ?? newStatus;
    const after = { ...before, ...change };
    this.#statuses.set(id, after);
    if (after.state === before.state || after.state === "connecting") return;
    const { logger } = this.#options;
    const fields = { peer: after.address, functions: after.functions };
    if (after.state === "ready")
      logger.info({ ...fields, sdk: after.sdk }, "function server attached");
    else logger.warn({ ...fields, reason: after.reason }, `function server ${after.state}`);
  }
}

/** Ends a call of a client with a status that is not OK: destroy() would leave it open. */
function endWith(call: Call, code: status, details: string): void {
  call.emit("error", Object.assign(new Error(details), { code, details }));
}

const newStatus: EndpointStatus = {
  endpoint: null,
  address: "",
  state: "connecting",
  reason: "",
  sdk: "",
  functions: [],
  session: 0,
};
