import { status } from "@grpc/grpc-js";
import type { Rejected } from "../core/effect.js";

/** Why a request got no result. One vocabulary for gRPC and HTTP. */
export type RefusalKind =
  /** The request can never succeed as it is. */
  | "invalid"
  /** The message or the frame is above a limit. */
  | "tooLarge"
  /** No such function type. */
  | "notFound"
  /** The function failed for good: the message is parked, and waits for an operator. */
  | "failed"
  /** The node takes no more now; the message was not taken. */
  | "overloaded"
  /**
   * The node starts or stops: whether the message was taken is not known. Or no server of a known
   * type is attached: then it was not.
   */
  | "unavailable"
  /** The caller's time is over; the message runs all the same. */
  | "timeout";

export interface Refusal {
  readonly kind: RefusalKind;
  /** For people. */
  readonly message: string;
  /** With "failed": the code of the function's failure, for example "badInput". */
  readonly failure?: string;
}

interface RefusalCode {
  readonly grpc: status;
  readonly http: number;
  /** The gRPC status by name: the code of HTTP errors and of metrics. */
  readonly name: string;
}

/** What each kind is called outside. */
export const refusalCodes: Readonly<Record<RefusalKind, RefusalCode>> = {
  invalid: { grpc: status.INVALID_ARGUMENT, http: 400, name: "INVALID_ARGUMENT" },
  tooLarge: { grpc: status.RESOURCE_EXHAUSTED, http: 413, name: "RESOURCE_EXHAUSTED" },
  notFound: { grpc: status.NOT_FOUND, http: 404, name: "NOT_FOUND" },
  // Not UNKNOWN or INTERNAL: generic clients try those again, and would only park more messages.
  failed: { grpc: status.FAILED_PRECONDITION, http: 409, name: "FAILED_PRECONDITION" },
  overloaded: { grpc: status.RESOURCE_EXHAUSTED, http: 429, name: "RESOURCE_EXHAUSTED" },
  unavailable: { grpc: status.UNAVAILABLE, http: 503, name: "UNAVAILABLE" },
  timeout: { grpc: status.DEADLINE_EXCEEDED, http: 504, name: "DEADLINE_EXCEEDED" },
};

/** The refusal of a request that the core rejected. */
export function rejection(code: Rejected["code"], message: string): Refusal {
  return { kind: code, message };
}

/** The refusal of a call whose function failed for good. */
export function functionFailure(failure: { code: string; message: string }): Refusal {
  const { code, message } = failure;
  const text = code === "parked" ? message : `the function failed (${code}): ${message}`;
  return { kind: "failed", message: text, failure: code };
}
