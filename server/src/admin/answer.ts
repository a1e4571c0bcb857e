import { type sendUnaryData, status } from "@grpc/grpc-js";
import type { Decoded } from "../codec/ingress-codec.js";
import type { NodeView } from "./node-view.js";

/** An answer that lists ends with the entry that passes this: half of what gRPC clients take. */
export const listBytesMax = 2 * 1024 * 1024;

/** Why a request is refused. */
export class Refusal {
  readonly code: status;
  readonly details: string;

  constructor(code: status, details: string) {
    this.code = code;
    this.details = details;
  }
}

/** One request, as it came. */
export interface Asked<Query, Response> {
  readonly view: NodeView;
  readonly request: Decoded<Query>;
  readonly callback: sendUnaryData<Response>;
}

/**
 * Answers a valid request with what `find` returns, and an invalid one with what is wrong. Null from
 * `find`: it answers later by itself.
 */
export function answer<Query, Response extends object>(
  { view, request, callback }: Asked<Query, Response>,
  find: (query: Query) => Response | Refusal | null,
): void {
  if (request.kind !== "ok") {
    callback({ code: status.INVALID_ARGUMENT, details: request.message });
    return;
  }
  if (!view.isRecovered()) {
    callback({ code: status.UNAVAILABLE, details: "the node is starting" });
    return;
  }
  const response = find(request.value);
  if (response === null) return;
  if (response instanceof Refusal) callback(response);
  else callback(null, response);
}

/** The refusal of a request about a function type that the node has never met. */
export function unknownType(view: NodeView, typeName: string): Refusal {
  const known = [...view.functionTypes()].map(({ name }) => name).sort();
  const details = `unknown function type ${typeName}; known: ${known.join(", ") || "none"}`;
  return new Refusal(status.NOT_FOUND, details);
}
