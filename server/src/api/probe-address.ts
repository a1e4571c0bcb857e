import { once } from "node:events";
import { createServer } from "node:net";
import type { HostPort } from "./host-port.js";
import { listenError } from "./host-port.js";

/**
 * Finds out whether a server can listen at an address, before anything is done that cannot be undone.
 * @throws ListenError
 */
export async function probeAddress(name: "gRPC" | "HTTP", at: HostPort): Promise<void> {
  const server = createServer();
  try {
    server.listen(at);
    await once(server, "listening");
    server.close();
    await once(server, "close");
  } catch (error) {
    throw listenError(name, at, error);
  }
}
