import { credentials } from "@grpc/grpc-js";
import {
  AdminClient,
  type InspectResponse,
  type ListStateResponse,
} from "@statewire/protos/statewire/v1/admin.js";
import { readCount } from "../functions/counter-functions.js";

const pageLimit = 1000;

/** The sum of all counters of a function type, as the runtime's state has it. */
export async function sumCounters(grpcPort: number, type: "counter" | "hop"): Promise<number> {
  const client = new AdminClient(`127.0.0.1:${grpcPort}`, credentials.createInsecure());
  let sum = 0;
  let afterId: string | undefined;
  for (;;) {
    const page = await listState(client, type, afterId);
    for (const { states } of page.addresses) {
      const value = states.find((state) => state.name === "total")?.value?.value;
      sum += value === undefined ? 0 : readCount(value);
    }
    afterId = page.addresses.at(-1)?.id;
    if (!page.more) break;
  }
  client.close();
  return sum;
}

/** What the node says about itself. */
export function inspectNode(grpcPort: number): Promise<InspectResponse> {
  const client = new AdminClient(`127.0.0.1:${grpcPort}`, credentials.createInsecure());
  return new Promise((resolve, reject) => {
    client.inspect({}, (error, response) => {
      client.close();
      if (error === null) resolve(response);
      else reject(error);
    });
  });
}

function listState(
  client: AdminClient,
  type: string,
  afterId: string | undefined,
): Promise<ListStateResponse> {
  return new Promise((resolve, reject) => {
    const request = { namespace: "bench", type, afterId, limit: pageLimit };
    client.listState(request, (error, response) => {
      if (error === null) resolve(response);
      else reject(error);
    });
  });
}
