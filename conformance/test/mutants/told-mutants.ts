import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { identities } from "../../src/subject/identities.js";
import { variables } from "../../src/subject/told.js";

type Environment = { readonly [name: string]: string };

/** A subject that does something else than the kit tells it by environment. */
export interface ToldMutant {
  /** What it does wrong. */
  readonly about: string;
  /** Cases that have to fail, by the role of the subject, "suite/name". */
  readonly caughtBy: { readonly sdk: readonly string[]; readonly runtime: readonly string[] };
  /** What it hears. */
  hears(told: Environment): Environment;
}

/** Subjects with one bug each, by name; the bug is the same in a function server and in a runtime. */
export const toldMutants: { readonly [name: string]: ToldMutant } = {
  "speaks-clear-text": {
    about: "serves in clear text whatever it is told",
    caughtBy: {
      sdk: ["security/serves TLS with its certificate, and nobody in clear text"],
      runtime: ["security/serves TLS with its certificate, and nobody in clear text"],
    },
    hears: (told) => without(told, "certificate", "key", "authority"),
  },
  "asks-for-no-certificate": {
    about: "takes peers without a certificate",
    caughtBy: {
      sdk: ["security/serves only runtimes with a certificate of its authority"],
      runtime: ["security/serves only function servers with a certificate of its authority"],
    },
    hears: (told) => without(told, "authority"),
  },
  "asks-for-no-authorization": {
    about: "neither asks for an authorization nor sends one",
    caughtBy: {
      sdk: [
        "security/serves only runtimes that send its authorization",
        "security/shows the runtime that it dials a certificate and its authorization",
      ],
      runtime: [
        "security/refuses function types that an authorization is not for",
        "security/serves only function servers that send its authorization",
        "security/shows the function server that it dials a certificate and its authorization",
      ],
    },
    hears: (told) => without(told, "authorization"),
  },
  "trusts-everybody": {
    about: "opens streams to whom it cannot verify",
    caughtBy: {
      sdk: ["security/opens a stream by TLS only to a runtime that it can verify"],
      runtime: ["security/opens a stream by TLS only to a function server that it can verify"],
    },
    hears: (told) => {
      const { authority } = variables;
      return told[authority] === undefined ? told : { ...told, [authority]: bothAuthorities() };
    },
  },
};

function without(told: Environment, ...names: readonly (keyof typeof variables)[]): Environment {
  const dropped = new Set<string>(names.map((name) => variables[name]));
  return Object.fromEntries(Object.entries(told).filter(([name]) => !dropped.has(name)));
}

/** The path of a file that holds the kit's authority and the one that nobody should trust. */
function bothAuthorities(): string {
  const folder = mkdtempSync(join(tmpdir(), "statewire-mutant-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "authorities.pem");
  const { authority, strangersAuthority } = identities();
  writeFileSync(path, authority + strangersAuthority);
  return path;
}
