import { STATUS_CODES } from "node:http";
import { unzip } from "node:zlib";
import type { Dispatcher } from "undici";
import type { FailureCode } from "../../core/command.js";

/** What became of one request. */
export type Exchange =
  /** A whole answer that may be one of a function server. */
  { readonly kind: "answered"; readonly body: Buffer } | ExchangeFailure;

export interface ExchangeFailure {
  readonly kind: "failed";
  /**
   * What the core is told. overloaded: the server was not reached, or takes nothing now. streamLost: the
   * connection broke with the request under way.
   */
  readonly code: FailureCode;
  readonly reason: string;
  /** Of the answer; 0: there was none, or a whole one that cannot be used. */
  readonly status: number;
  /** It came from the connection, not from the server. */
  readonly isNetwork: boolean;
}

/** Media type of both directions. */
export const mediaType = "application/octet-stream";

/**
 * Collects the answer to one request, up to a number of bytes. Settles exactly once; what happens
 * afterwards only ends the request.
 */
export class ExchangeHandler implements Dispatcher.DispatchHandler {
  readonly #bytesMax: number;
  readonly #settle: (exchange: Exchange) => void;
  #isSettled = false;
  /** The answer has arrived to its end: the connection is free. */
  isComplete = false;
  #controller: Dispatcher.DispatchController | null = null;
  #status = 0;
  #contentType = "";
  #encoding = "";
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(bytesMax: number, settle: (exchange: Exchange) => void) {
    this.#bytesMax = bytesMax;
    this.#settle = settle;
  }

  /** Gives the request up. One that is not under way yet says nothing about its message. */
  abandon(code: FailureCode, reason: string): void {
    const isSent = this.#controller !== null;
    const what = isSent
      ? { code, reason }
      : { code: "overloaded" as const, reason: "no connection" };
    this.#fail({ ...what, status: 0, isNetwork: true });
    this.#controller?.abort(new Error(reason));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isSettled) controller.abort(new Error("given up"));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    this.#status = status;
    this.#contentType = String(headers["content-type"] ?? "");
    this.#encoding = String(headers["content-encoding"] ?? "").toLowerCase();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#bytesMax) {
      const reason = `answer of more than payload_max_bytes ${this.#bytesMax}`;
      this.#fail({ code: "protocolError", reason, status: 0, isNetwork: false });
      controller.abort(new Error(reason));
      return;
    }
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.isComplete = true;
    const [only = noBytes] = this.#chunks;
    const body = this.#chunks.length <= 1 ? only : Buffer.concat(this.#chunks);
    const problem = this.#findProblem();
    if (problem !== null) this.#fail(problem);
    else if (this.#encoding === "" || this.#encoding === "identity") this.#answer(body);
    else this.#unpack(body);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const isSent = this.#controller !== null;
    const code = isSent ? "streamLost" : "overloaded";
    this.#fail({ code, reason: describeError(error), status: 0, isNetwork: true });
  }

  #findProblem(): Omit<ExchangeFailure, "kind"> | null {
    const status = this.#status;
    if (status < 200 || status > 299) {
      const reason = `answer ${status} ${STATUS_CODES[status] ?? ""}`.trimEnd();
      // These two speak of the server, not of the message.
      const code = status === 429 || status === 503 ? "overloaded" : "function";
      return { code, reason, status, isNetwork: false };
    }
    const [type = ""] = this.#contentType.split(";");
    if (type.trim().toLowerCase() === mediaType) return null;
    const given = type === "" ? "no content-type" : `content-type ${type.slice(0, 100)}`;
    const reason = `answer with ${given}: expected ${mediaType}`;
    return { code: "protocolError", reason, status: 0, isNetwork: false };
  }

  #unpack(body: Buffer): void {
    const encoding = this.#encoding.slice(0, 100);
    if (!/^(gzip|x-gzip|deflate)$/.test(encoding)) {
      this.#refuse(`answer with content-encoding ${encoding}: expected gzip or deflate`);
      return;
    }
    // A few bytes may hold a lot: it stops at the limit, not behind it.
    unzip(body, { maxOutputLength: this.#bytesMax }, (error, unpacked) => {
      if (error === null) this.#answer(unpacked);
      else if ("code" in error && error.code === "ERR_BUFFER_TOO_LARGE") {
        this.#refuse(`answer that unpacks to more than payload_max_bytes ${this.#bytesMax}`);
      } else this.#refuse(`answer that is not ${encoding}: ${error.message}`);
    });
  }

  #answer(body: Buffer): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#settle({ kind: "answered", body });
  }

  #refuse(reason: string): void {
    this.#fail({ code: "protocolError", reason, status: 0, isNetwork: false });
  }

  #fail(failure: Omit<ExchangeFailure, "kind">): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#chunks = [];
    this.#settle({ kind: "failed", ...failure });
  }
}

const noBytes = Buffer.alloc(0);

/** A failure to connect to several addresses has no message of its own. */
function describeError(error: Error): string {
  if (error.message !== "") return error.message;
  return "code" in error ? String(error.code) : error.name;
}
