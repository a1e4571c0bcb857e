import type { AnyStatefulFunction } from "../function.js";
import { describeCause } from "../type.js";
import { HttpFunctions } from "./http-functions.js";
import type { HttpOptions } from "./http-options.js";
import { type HttpReply, refuseHead, refuseSize, textReply } from "./http-reply.js";
import { PayloadCollector } from "./payload-collector.js";

/**
 * Serves functions where requests come as Fetch's `Request`: Cloudflare Workers, Deno, Bun, Vercel.
 *
 *     export default { fetch: createFetchHandler([cart, loyalty]) };
 *
 * The promise does not reject for what a function or a request does.
 *
 * @throws StatewireError `invalid-declaration` when the functions cannot be served.
 */
export function createFetchHandler(
  functions: readonly AnyStatefulFunction[],
  options: HttpOptions = {},
): (request: Request) => Promise<Response> {
  const host = new HttpFunctions(functions, options);
  return async (request) => {
    const { status, headers, body } = await answer(host, request);
    return new Response(body, { status, headers });
  };
}

async function answer(host: HttpFunctions, request: Request): Promise<HttpReply> {
  const { payloadBytesMax } = host.settings;
  const refusal = refuseHead(
    { method: request.method, header: (name) => request.headers.get(name) ?? undefined },
    payloadBytesMax,
  );
  if (refusal !== undefined) {
    return refusal;
  }
  const body = await readBody(request, payloadBytesMax);
  return body instanceof Uint8Array ? host.answer(body, request.signal) : body;
}

/** The body, or why it is refused. */
async function readBody(
  request: Request,
  payloadBytesMax: number,
): Promise<Uint8Array | HttpReply> {
  const payload = new PayloadCollector(payloadBytesMax);
  try {
    // Leaving the loop cancels the rest of the body.
    for await (const chunk of request.body ?? []) {
      if (!payload.add(chunk)) {
        return refuseSize(payload.length, payloadBytesMax);
      }
    }
  } catch (error) {
    return textReply(400, `the body ended early: ${describeCause(error)}`);
  }
  return payload.finish();
}
