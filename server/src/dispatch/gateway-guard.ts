import { createHash, timingSafeEqual } from "node:crypto";
import { covers } from "../core/address.js";
import type { GrpcEndpointSpec } from "../module/module.js";

/** What a peer that dials in may do. */
export type Admission =
  | { readonly kind: "unknown" }
  /** Patterns that cover every type that it may offer; null: it may offer any. */
  | { readonly kind: "known"; readonly functions: readonly string[] | null };

/**
 * Who may dial in, and with which function types. As soon as an endpoint names an `authorization`, a
 * peer may offer what the endpoints cover that name its own or none, and without such an endpoint it
 * is unknown. [TLS-2] [TLS-3]
 */
export class GatewayGuard {
  /** Those whose servers dial in. */
  readonly #specs: readonly GrpcEndpointSpec[];
  readonly #isOpen: boolean;

  constructor(specs: readonly GrpcEndpointSpec[]) {
    this.#specs = specs.filter(({ addresses }) => addresses.length === 0);
    this.#isOpen = this.#specs.every(({ authorization }) => authorization === null);
  }

  /**
   * @param sent The values of `authorization` that the peer has sent.
   * @throws Error when a secret cannot be read; it names the reference only.
   */
  admit(sent: readonly string[]): Admission {
    if (this.#isOpen) return { kind: "known", functions: null };
    const opened = this.#specs.filter(({ authorization }) => {
      return authorization === null || isSame(sent, authorization.reveal(process.env));
    });
    if (opened.length === 0) return { kind: "unknown" };
    return { kind: "known", functions: opened.flatMap(({ functions }) => functions) };
  }
}

/** Those of the offered types that a peer may not offer. */
export function forbidden(admission: Admission, offered: readonly string[]): readonly string[] {
  if (admission.kind === "unknown") return offered;
  const { functions } = admission;
  if (functions === null) return [];
  return offered.filter((type) => {
    return !functions.some((pattern) => pattern === type || covers(pattern, type));
  });
}

function isSame(sent: readonly string[], expected: string): boolean {
  return sent.length === 1 && timingSafeEqual(digest(sent[0] ?? ""), digest(expected));
}

/** Of equal length whatever the text is. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
