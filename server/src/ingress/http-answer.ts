import type { IncomingMessage, ServerResponse } from "node:http";
import { encodeHttpReply } from "../codec/http-reply-codec.js";
import type { TypedValue } from "../core/typed-value.js";
import { type Refusal, refusalCodes } from "./refusal.js";

/** What clients are told to wait before they try again, in seconds. */
const retryAfterSeconds = "1";
/** How much of a body that nobody wants is read before its connection is cut, in bytes. */
const unwantedBytesMax = 4 * 1024 * 1024;
/** And for how long, in milliseconds. */
const unwantedMsMax = 2000;

/** Answers a call. Null: the function did not reply. */
export function replyHttp(
  response: ServerResponse,
  value: TypedValue | null,
  accept: string | undefined,
): void {
  if (value === null) {
    response.writeHead(204).end();
    return;
  }
  const reply = encodeHttpReply(value, accept);
  const headers = ["content-type", reply.contentType, "statewire-typename", reply.typename];
  headers.push("content-length", String(reply.body.length));
  if (reply.isAbsent) headers.push("statewire-value", "absent");
  response.writeHead(200, headers).end(reply.body);
}

/**
 * Answers with an error. `httpStatus` when the kind has a more precise one.
 *
 * A body above the limit is not read to its end: the answer goes out, the rest is thrown away for
 * a while so that the client gets to read the answer, then the connection is closed.
 */
export function refuseHttp(
  request: IncomingMessage,
  response: ServerResponse,
  refusal: Refusal,
  httpStatus: number = refusalCodes[refusal.kind].http,
): void {
  const { kind, message, failure } = refusal;
  const body = Buffer.from(
    `${JSON.stringify({ code: refusalCodes[kind].name, message, failure })}\n`,
  );
  response.statusCode = httpStatus;
  response.setHeader("content-type", "application/json");
  response.setHeader("content-length", body.length);
  if (kind === "overloaded" || kind === "unavailable") {
    response.setHeader("retry-after", retryAfterSeconds);
  }
  if (kind !== "tooLarge") {
    response.end(body);
    return;
  }
  response.setHeader("connection", "close");
  response.write(body);
  discardBody(request, () => response.end());
}

function discardBody(request: IncomingMessage, done: () => void): void {
  if (request.readableEnded || request.destroyed) {
    done();
    return;
  }
  let bytes = 0;
  const finish = (): void => {
    clearTimeout(timer);
    request.off("data", count).off("end", finish).off("close", finish);
    done();
  };
  const count = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes > unwantedBytesMax) finish();
  };
  const timer = setTimeout(finish, unwantedMsMax);
  request.on("data", count).on("end", finish).on("close", finish);
}
