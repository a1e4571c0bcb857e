import { STATUS_CODES } from "node:http";
import type { Agent } from "undici";
import { loadUndici } from "./load-undici.js";

export interface PostOptions {
  readonly agent: Agent;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
  /** From the request's start to the answer's end. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** How the server took a request. */
export type Answer =
  | { readonly kind: "accepted" }
  | { readonly kind: "rejected"; readonly reason: string }
  /** It may be taken later. */
  | { readonly kind: "failed"; readonly reason: string; readonly retryAfterMs: number };

/** A server that asks for more has lost its clock, or its mind; its operator may be back sooner. */
const retryAfterMsMax = 3_600_000;

/** What a client is told to try again; with every 5xx. */
const passingStatuses: ReadonlySet<number> = new Set([408, 425, 429]);

/** Posts once. Never rejects: what the network does is an answer, too. */
export async function postOnce(options: PostOptions): Promise<Answer> {
  const attempt = new AbortController();
  const abort = () => attempt.abort();
  const timer = setTimeout(abort, options.timeoutMs);
  options.signal.addEventListener("abort", abort, { once: true });
  try {
    return await post(options, attempt.signal);
  } catch (error) {
    const reason = attempt.signal.aborted
      ? `no answer within timeoutMs ${options.timeoutMs}`
      : describe(error);
    return { kind: "failed", reason, retryAfterMs: 0 };
  } finally {
    clearTimeout(timer);
    options.signal.removeEventListener("abort", abort);
  }
}

async function post(options: PostOptions, signal: AbortSignal): Promise<Answer> {
  const { agent, url, headers, body } = options;
  const { request } = loadUndici();
  const response = await request(url, { method: "POST", dispatcher: agent, headers, body, signal });
  // The connection is free again only when the answer is read to its end.
  await response.body.dump();
  const { statusCode } = response;
  if (statusCode >= 200 && statusCode < 300) return { kind: "accepted" };
  const reason = `answer ${statusCode} ${STATUS_CODES[statusCode] ?? ""}`.trimEnd();
  if (statusCode < 500 && !passingStatuses.has(statusCode)) return { kind: "rejected", reason };
  const retryAfterMs = parseRetryAfter(response.headers["retry-after"], Date.now());
  return { kind: "failed", reason, retryAfterMs };
}

/** Seconds, or a date. 0 when the header is missing or malformed. */
export function parseRetryAfter(header: string | string[] | undefined, nowMs: number): number {
  const text = String(header ?? "").trim();
  const waitMs = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isNaN(waitMs) ? 0 : Math.min(Math.max(waitMs, 0), retryAfterMsMax);
}

/** A failure to connect to several addresses has no message of its own. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.message !== "") return error.message;
  return "code" in error ? String(error.code) : error.name;
}
