const headEnd = Buffer.from("\r\n\r\n");
const chunkedEnd = Buffer.from("0\r\n\r\n");
const nothing = Buffer.alloc(0);

/**
 * Finds where the responses of one keep-alive connection end, with one request in flight: enough of
 * HTTP/1.1 to generate load, not a parser. It knows bodies with a content-length, chunked bodies
 * without trailers, and responses without a body.
 */
export class HttpResponseScanner {
  #received: Buffer = nothing;

  /**
   * The status when the response is complete, `undefined` while it is not. The bytes may change after
   * the call.
   */
  push(bytes: Buffer): number | undefined {
    const received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    const status = completeStatus(received);
    if (status !== undefined) this.#received = nothing;
    else this.#received = received === bytes ? Buffer.from(bytes) : received;
    return status;
  }
}

function completeStatus(received: Buffer): number | undefined {
  const head = received.indexOf(headEnd);
  if (head < 0) return undefined;
  const bodyStart = head + headEnd.length;
  const headText = received.toString("latin1", 0, head);
  const status = Number(headText.slice(9, 12));
  const length = /\r\ncontent-length: *(\d+)/i.exec(headText)?.[1];
  if (length !== undefined) {
    return received.length >= bodyStart + Number(length) ? status : undefined;
  }
  if (!/\r\ntransfer-encoding: *chunked/i.test(headText)) return status;
  const ended = received.subarray(bodyStart).subarray(-chunkedEnd.length).equals(chunkedEnd);
  return ended ? status : undefined;
}
