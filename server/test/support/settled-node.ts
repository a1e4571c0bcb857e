import { setTimeout } from "node:timers/promises";
import { credentials } from "@grpc/grpc-js";
import type { InspectResponse } from "@statewire/protos/statewire/v1/admin.js";
import { AdminClient } from "@statewire/protos/statewire/v1/admin.js";

/** Waits until that is so of a node: that it has nothing left to do, unless something else is asked for. */
export async function settledNode(
  grpcAddress: string,
  isSo: (status: InspectResponse) => boolean = isSettled,
): Promise<InspectResponse> {
  const client = new AdminClient(grpcAddress, credentials.createInsecure());
  try {
    for (;;) {
      const status = await new Promise<InspectResponse>((resolve, reject) => {
        client.inspect({}, (error, response) => (error ? reject(error) : resolve(response)));
      });
      if (isSo(status)) return status;
      await setTimeout(20);
    }
  } finally {
    client.close();
  }
}

/** Whether nothing is left to do. */
export function isSettled(status: InspectResponse): boolean {
  const { egresses, ingresses } = status;
  return (
    isIdle(status) &&
    ingresses.every(({ state }) => state === "done") &&
    egresses.every((egress) => egress.sequenceLast === egress.sequenceAcknowledged)
  );
}

/** Whether no function has anything to do; there may be more input, and records that nobody has taken. */
export function isIdle({ functions, timers }: InspectResponse): boolean {
  const isWaiting = functions.some((type) => type.messagesWaiting + type.invocationsInFlight > 0);
  return timers === 0 && !isWaiting;
}
