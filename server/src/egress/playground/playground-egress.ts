import type { IncomingMessage, ServerResponse } from "node:http";
import { ViolationError } from "../../codec/ingress-codec.js";
import { parseTopicPath } from "../../codec/playground-codec.js";
import type { TakenRecord, TopicSink } from "./topic-sink.js";

/** Whoever has not read a record by then gets it another time, in milliseconds. */
const answerMsMax = 10_000;

const busy = "too many requests wait for the topic\n";

/**
 * Answers a request to the playground's egress: GET /TOPIC takes the topic's next record. What StateFun
 * says in a header "Status" stands there too; the status of HTTP is right on top.
 */
export function handlePlaygroundEgress(
  request: IncomingMessage,
  response: ServerResponse,
  topics: ReadonlyMap<string, TopicSink>,
): true {
  const { method = "", url = "" } = request;
  if (method !== "GET") {
    response.setHeader("allow", "GET");
    answer(response, { status: 405, header: 405, text: `method ${method} is not GET\n` });
    return true;
  }
  const topic = readTopic(url);
  const sink = topic === undefined ? undefined : topics.get(topic);
  if (sink === undefined) {
    const text = `no such topic: ${url}; known: ${[...topics.keys()].join(", ")}\n`;
    answer(response, { status: 404, header: 405, text });
    return true;
  }
  void sink.take().then((take) => {
    if (take === "none") answer(response, { status: 404, header: 404, text: "" });
    else if (take === "busy") answer(response, { status: 503, header: 500, text: busy });
    else hand(response, take);
  });
  return true;
}

function readTopic(url: string): string | undefined {
  try {
    return parseTopicPath(url);
  } catch (error) {
    if (error instanceof ViolationError) return undefined;
    throw error;
  }
}

/** The record is gone when its answer was handed to the network, and only then. */
function hand(response: ServerResponse, taken: TakenRecord): void {
  if (response.destroyed) {
    taken.giveBack();
    return;
  }
  response.setTimeout(answerMsMax, () => response.destroy());
  response.once("close", () => {
    if (response.writableFinished) taken.done();
    else taken.giveBack();
  });
  const text = Buffer.from(taken.record.value ?? []);
  answer(response, { status: 200, header: 200, text });
}

function answer(
  response: ServerResponse,
  { status, header, text }: { status: number; header: number; text: string | Buffer },
): void {
  response.writeHead(status, {
    status: String(header),
    "content-type": "text/plain; charset=utf-8",
    "content-length": String(Buffer.byteLength(text)),
  });
  response.end(text);
}
