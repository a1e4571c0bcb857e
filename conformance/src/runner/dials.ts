import { type KitRole, KitServer } from "../subject/kit-server.js";
import { type Told, variables } from "../subject/told.js";
import { Trace } from "../wire/trace.js";
import { patienceMs } from "./patience.js";

/** How long a subject that accepts connections may take until it dials. */
const dialMs = 3000;

/** Whether a subject dials the kit when it is told to; it is started for that. */
export async function dials(
  role: KitRole,
  startAs: (told: Told) => Promise<unknown>,
): Promise<boolean> {
  const kit = new KitServer(role, new Trace());
  try {
    const address = await kit.listen();
    await startAs({ environment: { [variables.dial]: address } });
    return (await kit.next(patienceMs(dialMs))) !== undefined;
  } finally {
    kit.close();
  }
}
