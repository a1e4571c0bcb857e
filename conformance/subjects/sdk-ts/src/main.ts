import { readFileSync } from "node:fs";
import { serve } from "@statewire/sdk";
import { anyType, interpreter, limited } from "./interpreter.js";

const told = process.env;
const read = (path: string | undefined) => (path === undefined ? undefined : readFileSync(path));

/** Without what is undefined: the options take no such values. */
function given<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const kept = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as { [K in keyof T]: Exclude<T[K], undefined> };
}

const tls = given({
  certificate: read(told["CONFORMANCE_TLS_CERT"]),
  privateKey: read(told["CONFORMANCE_TLS_KEY"]),
  authorities: read(told["CONFORMANCE_TLS_CA"]),
});
const options = given({
  attachTo: told["CONFORMANCE_DIAL"],
  tls: Object.keys(tls).length > 0 ? tls : undefined,
  authorization: told["CONFORMANCE_AUTHORIZATION"],
});
const { CONFORMANCE_ADDRESS: address = "127.0.0.1:0" } = told;
const server = await serve([interpreter, limited, anyType], { address, ...options });
process.once("SIGTERM", () => void server.close());
