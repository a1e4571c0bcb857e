import http from "node:http";
import https from "node:https";
import type { ClientOptions } from "minio";

/** Connections of one store. More fill no wire that these do not. */
const socketsMax = 16;

/** Answers after which the same request may succeed. The client gives up on their body. */
const passing: ReadonlySet<number> = new Set([408, 429, 499, 500, 502, 503, 504, 520]);

/**
 * HTTP or HTTPS with what the client does not do: a connection on which nothing moves for a time is
 * cut, and the answers that the client leaves unread do not hold on to their connection.
 */
export function createS3Transport(isTls: boolean, idleTimeoutMs: number) {
  const protocol = isTls ? https : http;
  const agent = new protocol.Agent({ keepAlive: true, maxSockets: socketsMax });
  const request = (
    options: https.RequestOptions,
    onResponse: (response: http.IncomingMessage) => void,
  ): http.ClientRequest => {
    const sent = protocol.request({ ...options, agent }, (response) => {
      if (passing.has(response.statusCode ?? 0)) response.resume();
      onResponse(response);
    });
    return sent.setTimeout(idleTimeoutMs, () => {
      sent.destroy(new Error(`nothing moved for ${idleTimeoutMs} ms`));
    });
  };
  return {
    // The client calls it in this one of the ways that its type allows.
    transport: { request } as unknown as NonNullable<ClientOptions["transport"]>,
    close: () => agent.destroy(),
  };
}
