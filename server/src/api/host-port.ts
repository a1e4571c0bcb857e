/** Where a server listens. */
export interface HostPort {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

/**
 * Takes "host:port" apart; an IPv6 host stands in brackets.
 *
 * @throws Error when the text is not one, naming what it is for.
 */
export function parseHostPort(text: string, name: string): HostPort {
  const match = /^(?:\[([\da-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3] ?? Number.NaN);
  if (host === undefined || !(port <= 65_535)) {
    throw new Error(`${name} "${text}" is not HOST:PORT, for example 127.0.0.1:7410`);
  }
  return { host, port };
}

/** The reverse of parseHostPort. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A server cannot listen. */
export class ListenError extends Error {
  /** The system's name of the reason, for example "EADDRINUSE". */
  readonly code: string;

  constructor(message: string, code: string, cause: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** The settings that say where servers listen, by what the servers are called. */
const settings: Readonly<Record<string, string>> = { gRPC: "grpc, --grpc", HTTP: "http, --http" };

/** Why a server cannot listen, for people. One without a setting has its port from module.yaml. */
export function listenError(name: string, at: HostPort, cause: unknown): ListenError {
  const text = cause instanceof Error ? cause.message : String(cause);
  // gRPC hands the system's error on as text.
  const code = /\bE[A-Z]{3,}\b/.exec(text)?.[0] ?? "ELISTEN";
  const where = `${formatHostPort(at)} (${settings[name] ?? "port of its spec"})`;
  return new ListenError(`${name} cannot listen on ${where}: ${reasonOf(code, text)}`, code, cause);
}

function reasonOf(code: string, text: string): string {
  switch (code) {
    case "EADDRINUSE":
      return "the address is in use, perhaps by another node; port 0 takes any that is free";
    case "EADDRNOTAVAIL":
      return "this machine does not have that address";
    case "EACCES":
      return "permission is denied; ports below 1024 are often reserved";
    case "ENOTFOUND":
      return "the host is not known";
    default:
      return text;
  }
}
