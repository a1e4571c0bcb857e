import { status } from "@grpc/grpc-js";
import type { Fields } from "../protocol/protocol.js";
import type { Side, Violation } from "./conversation.js";
import { ConversationChecker } from "./conversation-checker.js";
import { type ForwardedStream, Forwarder } from "./forwarder.js";

/** What the proxy saw. `frame` has whole fields; who prints it decides what of them. */
export type Sighting =
  | { readonly kind: "opened" }
  | {
      readonly kind: "frame";
      readonly from: Side;
      readonly bytes: number;
      readonly frame: Fields | undefined;
    }
  | { readonly kind: "violation"; readonly violation: Violation }
  | { readonly kind: "ended"; readonly status: string; readonly details: string };

/** Who is told, with the stream's number from 1 and the time since the proxy started. */
export type Watcher = (stream: number, atMs: number, sighting: Sighting) => void;

/** A forwarder that checks what goes by, and changes nothing. */
export class ProtocolProxy {
  readonly #forwarder: Forwarder;
  readonly #checkers = new Map<number, ConversationChecker>();
  readonly #watch: Watcher;
  readonly #startedMs = performance.now();
  #violations = 0;

  /** @param target host:port of the side that is dialled. */
  constructor(target: string, watch: Watcher) {
    this.#watch = watch;
    this.#forwarder = new Forwarder(target, {
      opened: (stream) => {
        this.#checkers.set(stream.number, new ConversationChecker());
        this.#tell(stream, { kind: "opened" });
      },
      message: (stream, direction, bytes) => {
        this.#check(stream, direction === "toServer" ? "runtime" : "server", bytes);
        return [bytes];
      },
      halfClosed: (stream) => this.#checkers.get(stream.number)?.halfClosed(),
      ended: (stream, end) => {
        this.#end(stream, status[end.code] ?? String(end.code), end.details);
        return true;
      },
    });
  }

  /** How many clauses were broken so far. */
  get violations(): number {
    return this.#violations;
  }

  /** Resolves to the port. @throws Error when the address cannot be bound. */
  listen(address: string): Promise<number> {
    return this.#forwarder.listen(address);
  }

  close(): void {
    this.#forwarder.close();
  }

  #check(stream: ForwardedStream, from: Side, bytes: Buffer): void {
    const checker = this.#checkers.get(stream.number);
    if (checker === undefined) return;
    const { frame, violations } = checker.frame(from, bytes, performance.now());
    this.#tell(stream, { kind: "frame", from, bytes: bytes.length, frame });
    this.#tellViolations(stream, violations);
  }

  #end(stream: ForwardedStream, name: string, details: string): void {
    const violations = this.#checkers.get(stream.number)?.ended(name) ?? [];
    this.#checkers.delete(stream.number);
    this.#tell(stream, { kind: "ended", status: name, details });
    this.#tellViolations(stream, violations);
  }

  #tellViolations(stream: ForwardedStream, violations: readonly Violation[]): void {
    this.#violations += violations.length;
    for (const violation of violations) this.#tell(stream, { kind: "violation", violation });
  }

  #tell(stream: ForwardedStream, sighting: Sighting): void {
    this.#watch(stream.number, performance.now() - this.#startedMs, sighting);
  }
}
