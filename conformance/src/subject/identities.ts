import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAuthority, type Identity, issue } from "./certificate.js";

/** What the kit and its subjects show each other. */
export interface Identities {
  /** Who has signed `kit`, `elsewhere` and what the subject is told. */
  readonly authority: string;
  /** Of 127.0.0.1. */
  readonly kit: Identity;
  /** Signed as the kit's, but for another host. */
  readonly elsewhere: Identity;
  /** As the kit's, but signed by an authority that nobody trusts. */
  readonly stranger: Identity;
  readonly strangersAuthority: string;
  /** Paths of what a subject is told. */
  readonly files: {
    readonly authority: string;
    readonly certificate: string;
    readonly key: string;
  };
}

let made: Identities | undefined;

/** Those of this run of the kit, made when they are first asked for. Their files go with the process. */
export function identities(): Identities {
  made ??= make();
  return made;
}

function make(): Identities {
  const authority = createAuthority("conformance");
  const strangers = createAuthority("stranger");
  const here = ["127.0.0.1", "localhost"];
  const subject = issue(authority, here);
  const folder = mkdtempSync(join(tmpdir(), "statewire-conformance-tls-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const write = (name: string, pem: string): string => {
    const path = join(folder, name);
    writeFileSync(path, pem, { mode: 0o600 });
    return path;
  };
  return {
    authority: authority.certificate,
    kit: issue(authority, here),
    elsewhere: issue(authority, ["elsewhere.example"]),
    stranger: issue(strangers, here),
    strangersAuthority: strangers.certificate,
    files: {
      authority: write("authority.pem", authority.certificate),
      certificate: write("subject.pem", subject.certificate),
      key: write("subject.key", subject.key),
    },
  };
}
