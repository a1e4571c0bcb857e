/**
 * The little of Restate's TypeScript SDK that the comparison uses. The SDK is no dependency of this
 * repository: it is loaded from where the user installed it, so its types are written down here.
 */
export interface RestateSdk {
  object(definition: {
    readonly name: string;
    readonly handlers: Readonly<Record<string, RestateHandler>>;
  }): unknown;
  serve(options: { readonly services: readonly unknown[]; readonly port: number }): Promise<number>;
}

/** One handler of a virtual object. */
export type RestateHandler = (context: RestateContext, argument: number) => Promise<unknown>;

/** What a handler is given. */
export interface RestateContext {
  get(name: string): Promise<number | null>;
  set(name: string, value: number): void;
  objectSendClient(
    object: { readonly name: string },
    key: string,
  ): Readonly<Record<string, (argument: number) => void>>;
}
