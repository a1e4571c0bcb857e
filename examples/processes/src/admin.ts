import { credentials, type ServiceError } from "@grpc/grpc-js";
import {
  type AddressState,
  AdminClient,
  type InspectResponse,
  type ListStateResponse,
  type NamedState,
} from "@statewire/protos/statewire/v1/admin.js";
import type { Address } from "@statewire/protos/statewire/v1/types.js";
import { type Activity, activityOf, isSettled } from "./activity.js";

/** Between two questions to the runtime. */
const pollIntervalMs = 25;
const pageSize = 1000;

/** What the examples ask a runtime, by its gRPC service statewire.v1.Admin. */
export class Admin {
  readonly #client: AdminClient;

  constructor(address: string) {
    this.#client = new AdminClient(address, credentials.createInsecure());
  }

  inspect(): Promise<InspectResponse> {
    return unary((done) => this.#client.inspect({}, done));
  }

  /** All addresses of a function type that have state, in order of id. */
  async *listState(typeName: string): AsyncGenerator<AddressState> {
    const [namespace = "", type = ""] = typeName.split("/");
    let afterId: string | undefined;
    for (;;) {
      const request = { namespace, type, afterId, limit: pageSize };
      const page = await unary<ListStateResponse>((done) => this.#client.listState(request, done));
      yield* page.addresses;
      const last = page.addresses.at(-1);
      if (!page.more || last === undefined) return;
      afterId = last.id;
    }
  }

  async getState(address: Address): Promise<readonly NamedState[]> {
    const { states } = await unary<{ states: NamedState[] }>((done) =>
      this.#client.getState({ address, name: "" }, done),
    );
    return states;
  }

  /**
   * Asks until `enough` says so of an answer, and resolves with that answer.
   *
   * @throws Error after the given time, with what the node was still doing; and as activityOf does.
   */
  async poll(
    enough: (status: InspectResponse, activity: Activity) => boolean,
    timeoutMs: number,
  ): Promise<InspectResponse> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const status = await this.inspect();
      const activity = activityOf(status);
      if (enough(status, activity)) return status;
      if (Date.now() > deadline) {
        throw new Error(`still busy after ${timeoutMs} ms: ${JSON.stringify(activity)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, pollIntervalMs));
    }
  }

  /** Resolves when the node has nothing left to do. @throws Error as poll does. */
  whenSettled(timeoutMs: number): Promise<InspectResponse> {
    return this.poll((_, activity) => isSettled(activity), timeoutMs);
  }

  close(): void {
    this.#client.close();
  }
}

function unary<T>(
  call: (done: (error: ServiceError | null, response: T) => void) => unknown,
): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, response) => (error === null ? resolve(response) : reject(error)));
  });
}
