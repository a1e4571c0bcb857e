import { type RefusalKind, refusalCodes } from "./refusal.js";

/** The requests of one method since the start, by how they ended. */
export class MethodCounter {
  readonly api: string;
  readonly method: string;
  succeeded = 0;
  /** The caller went away before the answer. */
  cancelled = 0;
  readonly refused: Record<RefusalKind, number> = {
    invalid: 0,
    tooLarge: 0,
    notFound: 0,
    failed: 0,
    overloaded: 0,
    unavailable: 0,
    timeout: 0,
  };

  constructor(api: string, method: string) {
    this.api = api;
    this.method = method;
  }

  /** Requests by the name of their gRPC status. */
  byCode(): Map<string, number> {
    const counts = new Map([
      ["OK", this.succeeded],
      ["CANCELLED", this.cancelled],
    ]);
    for (const [kind, count] of Object.entries(this.refused)) {
      const { name } = refusalCodes[kind as RefusalKind];
      counts.set(name, (counts.get(name) ?? 0) + count);
    }
    return counts;
  }
}

/** One counter per way into the node; a message of a stream counts as a request. */
export class RequestCounters {
  readonly grpcSend = new MethodCounter("grpc", "send");
  readonly grpcSendStream = new MethodCounter("grpc", "sendStream");
  readonly grpcCall = new MethodCounter("grpc", "call");
  readonly httpSend = new MethodCounter("http", "send");
  readonly httpCall = new MethodCounter("http", "call");
  readonly playgroundSend = new MethodCounter("playground", "send");

  all(): readonly MethodCounter[] {
    return [
      this.grpcSend,
      this.grpcSendStream,
      this.grpcCall,
      this.httpSend,
      this.httpCall,
      this.playgroundSend,
    ];
  }
}
