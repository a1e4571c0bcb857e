import type { Duplex } from "node:stream";
import { type Metadata, status } from "@grpc/grpc-js";
import type { Fields, FrameCodec } from "../protocol/protocol.js";
import { eventsOf } from "./event.js";
import { EventQueue } from "./event-queue.js";
import type { Trace } from "./trace.js";

/** What both ends of a gRPC call have in common, as the kit uses them. */
type Call = Duplex & {
  cancel?: () => void;
};

/** How the two directions of a stream are encoded, seen from the kit. */
export interface StreamCodec {
  readonly outgoing: FrameCodec;
  readonly incoming: FrameCodec;
}

/** The kit's end of one stream: frames go out, events come in, and both are traced. */
export class FrameStream {
  readonly name: string;
  readonly events = new EventQueue();
  readonly #call: Call;
  readonly #codec: StreamCodec;
  readonly #trace: Trace;
  #paused = false;
  #ended = false;
  #cut = false;
  #encoding = "identity";
  #frames = 0;

  constructor(parts: { name: string; call: Call; codec: StreamCodec; trace: Trace }) {
    this.name = parts.name;
    this.#call = parts.call;
    this.#codec = parts.codec;
    this.#trace = parts.trace;
    this.#trace.record?.([this.name, "opened"]);
    this.#call.on("data", (bytes: Buffer) => this.#receive(bytes));
    this.#call.on("error", () => undefined);
    this.#call.on("metadata", (metadata: Metadata) => {
      this.#encoding = String(metadata.get("grpc-encoding")[0] ?? "identity");
    });
    this.#call.on("status", (end: { code: number; details: string }) => this.#end(end));
  }

  /** How the peer compresses, by gRPC's name; known once its headers have come. */
  get encoding(): string {
    return this.#encoding;
  }

  /** Messages received. */
  get frames(): number {
    return this.#frames;
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  /** Resolves when the transport has taken the frame: slowly, when the peer reads slowly. */
  send(frame: Fields): Promise<void> {
    this.#trace.add(this.name, "sent", frame);
    const bytes = this.#codec.outgoing.encode(frame);
    this.#trace.record?.([this.name, "sent", bytes.toString("base64")]);
    return this.#write(bytes);
  }

  /** Sends a message that need not be a frame. */
  sendBytes(bytes: Buffer, what: string): Promise<void> {
    this.#trace.add(this.name, "sent", `${bytes.length} bytes: ${what}`);
    this.#trace.record?.([this.name, "sent", bytes.toString("base64")]);
    return this.#write(bytes);
  }

  /** Nothing more will be sent. */
  halfClose(): void {
    this.#trace.add(this.name, "note", "half-closed by the kit");
    this.#trace.record?.([this.name, "halfClosed"]);
    this.#call.end();
  }

  /** The stream is lost. */
  cancel(): void {
    this.#trace.add(this.name, "note", "cut by the kit");
    this.#trace.record?.([this.name, "cut"]);
    this.#cut = true;
    if (this.#call.cancel !== undefined) this.#call.cancel();
    else this.#call.destroy();
  }

  /** Reads nothing more until resume(), so that flow control works on the peer. */
  pause(): void {
    this.#paused = true;
    this.#call.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#call.resume();
  }

  #write(bytes: Buffer): Promise<void> {
    if (this.#call.writableEnded || this.#call.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      if (this.#call.write(bytes)) resolve();
      else this.#call.once("drain", resolve);
    });
  }

  #receive(bytes: Buffer): void {
    let frame: Fields;
    this.#frames++;
    try {
      frame = this.#codec.incoming.decode(bytes);
    } catch (error) {
      this.#trace.add(this.name, "received", `no frame: ${(error as Error).message}`);
      this.events.push({ kind: "malformed", fields: { bytes } });
      return;
    }
    this.#trace.add(this.name, "received", frame);
    this.#trace.record?.([this.name, "received", bytes.toString("base64")]);
    for (const event of eventsOf(frame)) this.events.push(event);
    if (this.#paused) this.#call.pause();
  }

  #end({ code, details }: { code: number; details: string }): void {
    const name = status[code] ?? String(code);
    this.#ended = true;
    if (!this.#cut) this.#trace.record?.([this.name, "ended", name]);
    this.#trace.add(this.name, "note", `ended with ${name}${details === "" ? "" : `: ${details}`}`);
    this.events.push({ kind: "end", fields: { status: name, details } });
  }
}
