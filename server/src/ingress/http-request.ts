import { IncomingMessage } from "node:http";

/** Takes the body of a request. */
export interface BodyReader {
  read(chunk: Buffer): void;
  ended(): void;
}

/**
 * A request whose body can be taken as it is parsed, past the stream that it otherwise is: for a body
 * that comes with its head, as most do, that stream costs more than all that is done with it.
 */
export class HttpRequest extends IncomingMessage {
  #reader: BodyReader | null = null;
  #hasEnded = false;

  /** To be called while the request is handed out, before any of its body has come. */
  readTo(reader: BodyReader): void {
    this.#reader = reader;
  }

  /** What is still to come goes to the stream again. */
  stopReading(): void {
    if (this.#reader === null) return;
    this.#reader = null;
    if (this.#hasEnded) super.push(null);
  }

  /** What the server does with a part of the body; null: that was all. */
  override push(chunk: Buffer | null, encoding?: BufferEncoding): boolean {
    if (this.#reader === null) return super.push(chunk, encoding);
    if (chunk === null) {
      this.#hasEnded = true;
      this.#reader.ended();
    } else {
      this.#reader.read(chunk);
    }
    return true;
  }

  /** The server lets go of a body that nobody has read; this one was. */
  override resume(): this {
    return this.#hasEnded && this.#reader !== null ? this : super.resume();
  }
}
