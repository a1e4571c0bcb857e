import { setTimeout } from "node:timers/promises";
import { credentials } from "@grpc/grpc-js";
import type { InspectResponse } from "@statewire/protos/statewire/v1/admin.js";
import { AdminClient } from "@statewire/protos/statewire/v1/admin.js";

/** Waits until a node has nothing left to do: no input, no message, no timer, no record. */
export async function settledNode(grpcAddress: string): Promise<InspectResponse> {
  const client = new AdminClient(grpcAddress, credentials.createInsecure());
  try {
    for (;;) {
      const status = await new Promise<InspectResponse>((resolve, reject) => {
        client.inspect({}, (error, response) => (error ? reject(error) : resolve(response)));
      });
      if (isSettled(status)) return status;
      await setTimeout(20);
    }
  } finally {
    client.close();
  }
}

/** Whether nothing is left to do. */
export function isSettled({ functions, egresses, ingresses, timers }: InspectResponse): boolean {
  return (
    timers === 0 &&
    ingresses.every(({ state }) => state === "done") &&
    functions.every((type) => type.messagesWaiting + type.invocationsInFlight === 0) &&
    egresses.every((egress) => egress.sequenceLast === egress.sequenceAcknowledged)
  );
}
