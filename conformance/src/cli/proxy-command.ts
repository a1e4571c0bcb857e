import { readClauses } from "../protocol/clauses.js";
import { formatSighting, sightingJson } from "../proxy/print-sighting.js";
import { ProtocolProxy } from "../proxy/protocol-proxy.js";
import { UsageError } from "./usage-error.js";

/** The flags of `proxy`. */
export interface ProxyFlags {
  readonly target: string;
  readonly listen: string;
  readonly json?: boolean;
  readonly values?: boolean;
  readonly violations?: boolean;
}

/**
 * Forwards and checks until a signal ends it. Resolves to the exit code: 0, or 1 when a clause was
 * broken.
 *
 * @throws UsageError when the address cannot be bound.
 */
export async function runProxy(flags: ProxyFlags): Promise<number> {
  const options = { clauses: readClauses(), values: flags.values === true };
  const print = flags.json === true ? sightingJson : formatSighting;
  const proxy = new ProtocolProxy(flags.target, (stream, atMs, sighting) => {
    if (flags.violations === true && sighting.kind !== "violation") return;
    process.stdout.write(`${print(stream, atMs, sighting, options)}\n`);
  });
  const signalled = new Promise<void>((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
  const port = await listen(proxy, flags.listen);
  const host = flags.listen.slice(0, flags.listen.lastIndexOf(":"));
  process.stderr.write(`listening on ${host}:${port}, forwarding to ${flags.target}\n`);
  await signalled;
  proxy.close();
  process.stderr.write(`${proxy.violations} violations\n`);
  return proxy.violations === 0 ? 0 : 1;
}

async function listen(proxy: ProtocolProxy, address: string): Promise<number> {
  try {
    return await proxy.listen(address);
  } catch (error) {
    proxy.close();
    throw new UsageError(`--listen ${address}: ${(error as Error).message}`);
  }
}
