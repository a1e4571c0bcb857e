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

/** Why a server cannot listen, for people. */
export function listenError(name: string, at: HostPort, cause: unknown): ListenError {
  const text = cause instanceof Error ? cause.message : String(cause);
  // gRPC hands the system's error on as text.
  const code = /\bE[A-Z]{3,}\b/.exec(text)?.[0] ?? "ELISTEN";
  const reason = code === "EADDRINUSE" ? "the address is in use; is another node running?" : text;
  return new ListenError(`${name} cannot listen on ${formatHostPort(at)}: ${reason}`, code, cause);
}
