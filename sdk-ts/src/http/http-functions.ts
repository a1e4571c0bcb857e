import type { Input, Limits, Result } from "@statewire/protos/statewire/v1/stream.js";
import { asBuffer } from "#bytes";
import { runBatch } from "../batch-runner.js";
import type { AnyStatefulFunction } from "../function.js";
import { type RegisteredFunction, registerFunctions } from "../registered-function.js";
import { Batch } from "../session/batch.js";
import { fillHttpOptions, type HttpOptions, type HttpSettings } from "./http-options.js";
import { type HttpReply, payloadReply, textReply } from "./http-reply.js";
import { decodeRequest, type FunctionRequest } from "./request-codec.js";
import { encodeMissingStates, encodeResult } from "./response-codec.js";

/** StateFun sets limits to the payload alone; what it holds cannot be more than that. */
const unlimited = Number.MAX_SAFE_INTEGER;

/**
 * Functions as StateFun's request-reply protocol asks for them: a request holds all that a run needs,
 * so nothing is kept between two of them.
 *
 * The protocol has no form for an error. Whatever fails is answered with a status that is no success;
 * the runtime then applies nothing and sends the same messages again.
 */
export class HttpFunctions {
  readonly settings: HttpSettings;
  readonly #functions: ReadonlyMap<string, RegisteredFunction>;

  /** @throws StatewireError `invalid-declaration` when the functions cannot be served. */
  constructor(functions: readonly AnyStatefulFunction[], options: HttpOptions) {
    this.settings = fillHttpOptions(options);
    this.#functions = new Map(registerFunctions(functions).map((one) => [one.typeName, one]));
  }

  /**
   * Answers the body of a request. Once `signal` has aborted nobody waits for the answer: handlers
   * see it, messages that have not begun do not begin, and what is answered has no meaning.
   */
  async answer(body: Uint8Array, signal: AbortSignal): Promise<HttpReply> {
    if (body.length === 0) {
      return textReply(400, "empty body, expected a ToFunction");
    }
    const request = decodeRequest(body);
    return typeof request === "string" ? textReply(400, request) : this.#handle(request, signal);
  }

  async #handle(request: FunctionRequest, signal: AbortSignal): Promise<HttpReply> {
    const { namespace, type } = request.target;
    const registered =
      this.#functions.get(`${namespace}/${type}`) ?? this.#functions.get(`${namespace}/*`);
    if (registered === undefined) {
      const known = [...this.#functions.keys()].join(", ");
      return textReply(500, `function ${namespace}/${type} is not served here, but ${known}`);
    }
    const missing = registered.states.filter(({ name }) => !request.states.has(name));
    if (missing.length > 0) {
      return payloadReply(encodeMissingStates(missing));
    }
    const strayState = findStrayState(registered, request);
    if (strayState !== undefined) {
      return textReply(500, strayState);
    }
    const result = await this.#run(registered, request, signal);
    return result.failure === undefined
      ? payloadReply(encodeResult(registered, result))
      : textReply(500, result.failure.message);
  }

  #run(
    registered: RegisteredFunction,
    request: FunctionRequest,
    signal: AbortSignal,
  ): Promise<Result> {
    const batch = createBatch(registered, request, this.settings.payloadBytesMax);
    return new Promise((resolve) => {
      const giveUp = (): void => {
        batch.abandon();
        resolve(batch.result());
      };
      if (signal.aborted) {
        giveUp();
        return;
      }
      signal.addEventListener("abort", giveUp, { once: true });
      runBatch(registered, batch, {
        finished: () => {
          signal.removeEventListener("abort", giveUp);
          resolve(batch.result());
        },
        failed: (_batch, error) => {
          this.settings.onEvent({
            kind: "messageFailed",
            address: request.target,
            error,
            attempt: 1,
          });
        },
        // Every state came with the request, so there is nothing to be loaded.
        loadState: () => Promise.resolve(),
        signalOf: () => signal,
      });
    });
  }
}

/** Says which state was registered under another type, by an older function perhaps. */
function findStrayState(
  registered: RegisteredFunction,
  { states }: FunctionRequest,
): string | undefined {
  for (const { name, declaration } of registered.states) {
    const received = states.get(name);
    if (received?.value !== undefined && received.typename !== declaration.type.typename) {
      return `state ${name} is ${received.typename}, declared as ${declaration.type.typename}`;
    }
  }
  return undefined;
}

function createBatch(
  registered: RegisteredFunction,
  { target, states, inputs }: FunctionRequest,
  payloadBytesMax: number,
): Batch {
  const callers = [""];
  const limits: Limits = {
    frameBytesMax: payloadBytesMax,
    valueBytesMax: unlimited,
    idBytesMax: unlimited,
    effectsMax: unlimited,
    resultCreditBytes: unlimited,
  };
  return new Batch({
    invocation: {
      invocationId: 1,
      id: target.id,
      inputs: inputs.map(
        ({ callerTypeName, callerId, typename, value }): Input => ({
          callerType: callerTypeName === "" ? 0 : callers.push(callerTypeName) - 1,
          callerId,
          typename,
          value: value && asBuffer(value),
          wantsReply: false,
          traceparent: "",
        }),
      ),
      attempt: 0,
      timeoutMs: 0,
    },
    typeName: `${target.namespace}/${target.type}`,
    functionIndex: 0,
    slots: registered.states.map(({ name }) => states.get(name)?.value),
    // What travels eagerly has a limit of its own on a gRPC stream; here all states are alike.
    lazyStates: registered.states.map(() => true),
    limits,
    frameLimit: { name: "payloadBytesMax", owner: "this server" },
    types: { typeNameOf: (index) => callers[index] ?? "" },
  });
}
