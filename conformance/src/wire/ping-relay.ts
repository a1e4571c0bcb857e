import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** An end of a connection: who opened it, or who accepted it. */
export type End = "dialler" | "dialled";

/** What the dialling end sends before its first frame. */
const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

const headerBytes = 9;
const pingType = 6;
const ackFlag = 1;

/** What a relay has seen of one connection. */
interface Link {
  /** When each end last sent a PING that is no answer, by performance.now(). */
  readonly pingedMs: { [end in End]?: number };
  isClosed: boolean;
}

/**
 * Stands between two ends of HTTP/2 in clear text and reads the headers of its frames: gRPC libraries
 * hide PINGs from those who use them.
 */
export class PingRelay {
  readonly #server: Server;
  readonly #target: string;
  readonly #sockets = new Set<Socket>();
  readonly #watchers = new Set<() => void>();
  /** Of the connection that was opened last. */
  #link: Link = { pingedMs: {}, isClosed: false };
  /** The end whose PINGs are not answered. */
  #ignored: End | undefined;
  /** The end whose PINGs are not passed on: for broken subjects. */
  readonly #muted: End | undefined;

  /** @param target Where the dialled end listens, host:port. */
  constructor(target: string, muted?: End) {
    this.#target = target;
    this.#muted = muted;
    this.#server = createServer((dialler) => this.#relay(dialler));
  }

  /** Resolves to the port, on the loopback interface. */
  async listen(): Promise<number> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return (this.#server.address() as AddressInfo).port;
  }

  /** From now on no answer to a PING reaches this end. */
  ignore(end: End): void {
    this.#ignored = end;
  }

  /** Whether an end sends a PING, after a moment by performance.now(), within a time. */
  pingedWithin(withinMs: number, end: End, afterMs: number): Promise<boolean> {
    return this.#within(withinMs, () => (this.#link.pingedMs[end] ?? 0) > afterMs);
  }

  /** Whether the connection is closed within a time: an end may ask the other one by GOAWAY. */
  closedWithin(withinMs: number): Promise<boolean> {
    return this.#within(withinMs, () => this.#link.isClosed);
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #relay(dialler: Socket): void {
    const link: Link = { pingedMs: {}, isClosed: false };
    this.#link = link;
    const at = this.#target.lastIndexOf(":");
    const dialled = connect(Number(this.#target.slice(at + 1)), this.#target.slice(0, at));
    this.#pass("dialler", { from: dialler, to: dialled, link, skip: preface.length });
    this.#pass("dialled", { from: dialled, to: dialler, link, skip: 0 });
  }

  #pass(end: End, way: { from: Socket; to: Socket; link: Link; skip: number }): void {
    const { from, to, link } = way;
    this.#sockets.add(from);
    const cutter = new FrameCutter(way.skip);
    from.setNoDelay(true);
    from.on("data", (bytes: Buffer) => {
      const kept = cutter.cut(bytes).filter((frame) => this.#keeps(end, frame, link));
      if (kept.length > 0) to.write(Buffer.concat(kept));
    });
    from.on("error", () => undefined);
    from.on("close", () => {
      this.#sockets.delete(from);
      link.isClosed = true;
      to.destroy();
      this.#changed();
    });
  }

  #keeps(end: End, frame: Buffer, link: Link): boolean {
    if (frame.length < headerBytes || frame[3] !== pingType) return true;
    const isAnswer = ((frame[4] ?? 0) & ackFlag) !== 0;
    if (isAnswer) return this.#ignored !== otherEnd(end);
    if (this.#muted === end) return false;
    link.pingedMs[end] = performance.now();
    this.#changed();
    return true;
  }

  #within(withinMs: number, holds: () => boolean): Promise<boolean> {
    if (holds()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const finish = (held: boolean) => {
        clearTimeout(timer);
        this.#watchers.delete(check);
        resolve(held);
      };
      const check = () => holds() && finish(true);
      const timer = setTimeout(() => finish(false), withinMs);
      this.#watchers.add(check);
    });
  }

  #changed(): void {
    for (const check of [...this.#watchers]) check();
  }
}

function otherEnd(end: End): End {
  return end === "dialler" ? "dialled" : "dialler";
}

/**
 * Cuts a stream of bytes into HTTP/2 frames, each with its header:
 *
 *     length 3 bytes | type 1 | flags 1 | stream 4 | payload
 */
class FrameCutter {
  #rest: Buffer = Buffer.alloc(0);
  /** Bytes before the first frame that are not yet passed. */
  #skip: number;

  constructor(skip: number) {
    this.#skip = skip;
  }

  cut(bytes: Buffer): Buffer[] {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const pieces: Buffer[] = [];
    for (let length = this.#nextLength(); length > 0; length = this.#nextLength()) {
      pieces.push(this.#rest.subarray(0, length));
      this.#rest = this.#rest.subarray(length);
    }
    return pieces;
  }

  /** Of the next piece that is there in full; 0: none is. */
  #nextLength(): number {
    if (this.#skip > 0) {
      const length = Math.min(this.#skip, this.#rest.length);
      this.#skip -= length;
      return length;
    }
    if (this.#rest.length < headerBytes) return 0;
    const length = headerBytes + this.#rest.readUIntBE(0, 3);
    return this.#rest.length < length ? 0 : length;
  }
}
