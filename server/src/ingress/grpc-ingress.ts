import {
  type handleBidiStreamingCall,
  type handleUnaryCall,
  Metadata,
  type ServerUnaryCall,
  type sendUnaryData,
} from "@grpc/grpc-js";
import {
  type CallResponse,
  IngressService,
  type SendResponse,
  type SendStreamResponse,
} from "@statewire/protos/statewire/v1/ingress.js";
import { AcknowledgementEncoder } from "../codec/acknowledgement-encoder.js";
import { timeoutMsMax } from "../codec/http-request-codec.js";
import {
  type CallValues,
  type Decoded,
  decodeCallRequest,
  decodeSendRequest,
  type IngressLimits,
  isTraceparent,
  type SendValues,
} from "../codec/ingress-codec.js";
import { SendStreamDecoder } from "../codec/send-stream-decoder.js";
import type { TypedValue } from "../core/typed-value.js";
import { type Admission, outside, type Visit } from "./admission.js";
import { type ExplainWaiting, type IngressPort, timeoutMessage } from "./ingress-port.js";
import { functionFailure, type Refusal, refusalCodes, rejection } from "./refusal.js";
import type { MethodCounter, RequestCounters } from "./request-counters.js";
import { SendStream, type SendStreamFrame } from "./send-stream.js";

export interface GrpcIngressOptions {
  readonly admission: Admission;
  readonly limits: IngressLimits;
  readonly counters: RequestCounters;
  /** See SendStreamOptions. */
  readonly streamMessagesMax: number;
  readonly explainWaiting: ExplainWaiting;
}

/** What an answer needs to reach a caller that is not far away, in milliseconds. */
const headStartMsMax = 100;

/** The trailer that carries the code of a function's failure. */
export const failureTrailer = "statewire-failure";

/** Takes the place of the generated IngressServer: requests arrive validated. */
interface Implementation {
  readonly send: handleUnaryCall<Decoded<SendValues>, SendResponse>;
  readonly sendStream: handleBidiStreamingCall<SendStreamFrame, SendStreamResponse>;
  readonly call: handleUnaryCall<Decoded<CallValues>, CallResponse>;
}

/**
 * The Ingress service, as server.addService() takes it: bytes are validated as they are decoded,
 * then go through the admission.
 */
export function createGrpcIngress(options: GrpcIngressOptions) {
  const { admission, limits, counters } = options;
  const { streamMessagesMax, explainWaiting } = options;
  const counter = counters.grpcSendStream;
  const decoder = new SendStreamDecoder(limits);
  const encoder = new AcknowledgementEncoder();
  const definition = {
    send: {
      ...IngressService.send,
      requestDeserialize: (bytes: Buffer) => decodeSendRequest(bytes, limits),
    },
    sendStream: {
      ...IngressService.sendStream,
      requestDeserialize: (bytes: Buffer) => decoder.decode(bytes),
      responseSerialize: (response: SendStreamResponse) => encoder.encode(response),
    },
    call: {
      ...IngressService.call,
      requestDeserialize: (bytes: Buffer) => decodeCallRequest(bytes, limits),
    },
  };
  const implementation: Implementation = {
    send: (call, callback) => {
      const done = { admission, counter: counters.grpcSend, call, callback };
      answerUnary(done, (port, values, answer) => {
        port.send(values, (outcome) => {
          if (outcome.kind === "acknowledged") answer.succeed({ duplicate: outcome.duplicate });
          else answer.refuse(rejection(outcome.code, outcome.message));
        });
        return null;
      });
    },
    sendStream: (call) => {
      admission.enterStream(new SendStream(call, { admission, counter, streamMessagesMax }));
    },
    call: (call, callback) => {
      const done = { admission, counter: counters.grpcCall, call, callback };
      answerUnary(done, (port, values, answer) => {
        const deadlineMs = Number(call.getDeadline());
        return startCall(port, values, answer, { deadlineMs, explainWaiting });
      });
    },
  };
  return { definition, implementation: { ...implementation } };
}

/** The two ways in which an admitted request ends. */
interface Answer<Response> {
  succeed(response: Response): void;
  refuse(refusal: Refusal): void;
}

interface Unary<Values, Response> {
  readonly admission: Admission;
  readonly counter: MethodCounter;
  readonly call: ServerUnaryCall<Decoded<Values>, Response>;
  readonly callback: sendUnaryData<Response>;
}

/** Hands the request to the port. Returns what to do when the caller goes away before the answer; null: nothing. */
type Start<Values, Response> = (
  port: IngressPort,
  values: Values,
  answer: Answer<Response>,
) => (() => void) | null;

function answerUnary<Values extends SendValues | CallValues, Response>(
  unary: Unary<Values, Response>,
  start: Start<Values, Response>,
): void {
  const { admission, counter, call, callback } = unary;
  const { request } = call;
  if (request.kind !== "ok") {
    counter.refused[request.kind]++;
    callback(toServiceError(request));
    return;
  }
  let isOver = false;
  let abandon: (() => void) | null = null;
  const refused = (refusal: Refusal): void => {
    isOver = true;
    counter.refused[refusal.kind]++;
    callback(toServiceError(refusal));
  };
  const answer: Answer<Response> = {
    succeed: (response) => {
      if (isOver) return;
      isOver = true;
      admission.leave(visit);
      counter.succeeded++;
      callback(null, response);
    },
    refuse: (refusal) => {
      if (isOver) return;
      admission.leave(visit);
      refused(refusal);
    },
  };
  const visit: Visit = {
    place: outside,
    admitted: (port) => {
      abandon = start(port, withTraceparent(request.value, call.metadata), answer);
    },
    refused,
  };
  // Also emitted after a call that has ended well, and when its deadline has passed.
  call.on("cancelled", () => {
    if (isOver) return;
    isOver = true;
    abandon?.();
    admission.leave(visit);
    counter.cancelled++;
  });
  admission.enter(visit, request.value.message.value?.length ?? 0);
}

interface Deadline {
  /** Milliseconds since the Unix epoch; infinite: there is none. */
  readonly deadlineMs: number;
  readonly explainWaiting: ExplainWaiting;
}

function startCall(
  port: IngressPort,
  values: CallValues,
  answer: Answer<CallResponse>,
  { deadlineMs, explainWaiting }: Deadline,
): () => void {
  let timer: NodeJS.Timeout | undefined;
  const request = port.call(values, (outcome) => {
    clearTimeout(timer);
    if (outcome.kind === "rejected") {
      answer.refuse(rejection(outcome.code, outcome.message));
    } else if (outcome.reply.failure !== null) {
      answer.refuse(functionFailure(outcome.reply.failure));
    } else {
      answer.succeed({ reply: toProto(outcome.reply.value) });
    }
  });
  const leftMs = deadlineMs - Date.now();
  if (leftMs > 0 && leftMs <= timeoutMsMax) {
    timer = setTimeout(() => {
      const why = explainWaiting(values, request);
      port.abandon(request);
      answer.refuse({ kind: "timeout", message: timeoutMessage(leftMs, why) });
    }, leftMs - headStartMs(leftMs));
  }
  return () => {
    clearTimeout(timer);
    port.abandon(request);
  };
}

/**
 * By so much the answer comes before the deadline: after it the caller's library has given up, and
 * nobody would read why there is no reply.
 */
function headStartMs(leftMs: number): number {
  return Math.min(headStartMsMax, leftMs / 10);
}

/** The caller's trace may also come as gRPC metadata, where instrumented clients put it. */
function withTraceparent<V extends { readonly traceparent: string }>(
  values: V,
  metadata: Metadata,
): V {
  if (values.traceparent !== "") return values;
  const [traceparent] = metadata.get("traceparent");
  if (typeof traceparent !== "string" || !isTraceparent(traceparent)) return values;
  return { ...values, traceparent };
}

function toProto(value: TypedValue | null): CallResponse["reply"] {
  if (value === null) return undefined;
  const { typename, value: bytes } = value;
  if (bytes === null) return { typename, value: undefined };
  return { typename, value: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) };
}

function toServiceError(refusal: Refusal) {
  const metadata = new Metadata();
  if (refusal.failure !== undefined) metadata.set(failureTrailer, refusal.failure);
  return { code: refusalCodes[refusal.kind].grpc, details: refusal.message, metadata };
}
