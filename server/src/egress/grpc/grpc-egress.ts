import type { handleBidiStreamingCall, UntypedServiceImplementation } from "@grpc/grpc-js";
import { EgressService, type RecordBatch } from "@statewire/protos/statewire/v1/egress.js";
import type { Decoded } from "../../codec/ingress-codec.js";
import { decodeSubscribeRequest, type SubscriberMessage } from "../../codec/subscription-codec.js";
import { Subscription } from "./subscription.js";
import type { SubscriptionSink } from "./subscription-sink.js";

const definition = {
  subscribe: { ...EgressService.subscribe, requestDeserialize: decodeSubscribeRequest },
};

type Subscribe = handleBidiStreamingCall<Decoded<SubscriberMessage>, RecordBatch>;

/** The Egress service over the sinks of kind statewire.grpc.v1/egress, as addService() takes it. */
export class GrpcEgress {
  readonly definition: typeof definition = definition;
  readonly implementation: UntypedServiceImplementation;
  readonly #subscriptions = new Set<Subscription>();
  #isClosed = false;

  /** `sinks` by the name of their egress. */
  constructor(sinks: ReadonlyMap<string, SubscriptionSink>) {
    const subscribe: Subscribe = (call) => {
      const subscription = new Subscription(call, sinks, (ended) => {
        this.#subscriptions.delete(ended);
      });
      this.#subscriptions.add(subscription);
      if (this.#isClosed) subscription.dismiss("closed");
    };
    this.implementation = { subscribe };
  }

  /** Ends every stream. What is not acknowledged stays in the outbox. */
  close(): void {
    this.#isClosed = true;
    for (const subscription of [...this.#subscriptions]) subscription.dismiss("closed");
  }
}
