import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { serveCommands } from "../process/command-server.js";

/** A bare node:http server that answers every request with its own body: an ingress's ceiling. */

export const httpEchoCommands = { listen };
export type HttpEchoCommands = typeof httpEchoCommands;

/** Listens on a port of the kernel's choice, and returns it. */
async function listen(): Promise<number> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      response.setHeader("content-type", "application/json");
      response.end(Buffer.concat(chunks));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

serveCommands(httpEchoCommands);
