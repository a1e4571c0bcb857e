import { decodeBase64, decodeUtf8, encodeBase64 } from "#bytes";
import type { AnyStatefulFunction } from "../function.js";
import { HttpFunctions } from "./http-functions.js";
import type { HttpOptions } from "./http-options.js";
import {
  type HttpReply,
  payloadMediaType,
  refuseHead,
  refuseSize,
  textReply,
} from "./http-reply.js";

/**
 * The part of an HTTP event that matters here. Function URLs and HTTP APIs send format 2.0, REST APIs
 * and load balancers format 1.0.
 */
export interface LambdaHttpEvent {
  /** Format 1.0. */
  readonly httpMethod?: string | undefined;
  /** In format 2.0 it has the method, as `http.method`. */
  readonly requestContext?: object | undefined;
  /** In format 1.0 names are spelled as the client did. */
  readonly headers?: Readonly<Record<string, string | undefined>> | null | undefined;
  readonly body?: string | null | undefined;
  readonly isBase64Encoded?: boolean | undefined;
}

/** The context in format 2.0; that of format 1.0 has other fields. */
interface RequestContext {
  readonly http?: { readonly method?: string };
}

/** What both formats take for an answer. */
export interface LambdaHttpResult {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

/** Lambda takes and gives 6 MB of JSON; base64 makes four bytes of three. */
const payloadBytesMaxDefault = 4_500_000;

/** Never aborts: Lambda does not say that a client has gone. */
const { signal } = new AbortController();

/**
 * Serves functions on AWS Lambda, behind a function URL, an HTTP or REST API of API Gateway, or a load
 * balancer.
 *
 *     export const handler = createLambdaHandler([cart, loyalty]);
 *
 * A REST API hands bodies on as text, which damages them, unless `application/octet-stream` is one of
 * its binary media types; requests that came as text are refused.
 *
 * @throws StatewireError `invalid-declaration` when the functions cannot be served.
 */
export function createLambdaHandler(
  functions: readonly AnyStatefulFunction[],
  options: HttpOptions = {},
): (event: LambdaHttpEvent) => Promise<LambdaHttpResult> {
  const host = new HttpFunctions(functions, {
    payloadBytesMax: payloadBytesMaxDefault,
    ...options,
  });
  return async (event) => toResult(await answer(host, event));
}

async function answer(host: HttpFunctions, event: LambdaHttpEvent): Promise<HttpReply> {
  const { http }: RequestContext = event.requestContext ?? {};
  const method = http?.method ?? event.httpMethod;
  if (method === undefined) {
    return textReply(400, "the event is not one of HTTP: it names no method");
  }
  const { payloadBytesMax } = host.settings;
  const header = (name: string): string | undefined => findHeader(event, name);
  const refusal = refuseHead({ method, header }, payloadBytesMax);
  if (refusal !== undefined) {
    return refusal;
  }
  const { body } = event;
  if (body && event.isBase64Encoded !== true) {
    return textReply(
      400,
      `the body came as text; ${payloadMediaType} must be a binary media type of the API`,
    );
  }
  const payload = decodeBase64(body ?? "");
  if (payload === undefined) {
    return textReply(400, "the body is not base64");
  }
  return payload.length > payloadBytesMax
    ? refuseSize(payload.length, payloadBytesMax)
    : host.answer(payload, signal);
}

function findHeader({ headers }: LambdaHttpEvent, name: string): string | undefined {
  const entry = Object.entries(headers ?? {}).find(([key]) => key.toLowerCase() === name);
  return entry?.[1];
}

function toResult({ status, headers, body }: HttpReply): LambdaHttpResult {
  const text = headers["content-type"] === payloadMediaType ? undefined : decodeUtf8(body);
  return {
    statusCode: status,
    headers,
    body: text ?? encodeBase64(body),
    isBase64Encoded: text === undefined,
  };
}
