import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

/** A certificate and its key, as PEM. */
export interface Identity {
  readonly certificate: string;
  readonly key: string;
}

/** Who signs certificates. */
export interface Authority extends Identity {
  readonly name: string;
  readonly privateKey: KeyObject;
}

const hourMs = 3_600_000;

/** Tags of the few types of ASN.1 that a certificate has. */
const tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  time: 0x17,
  sequence: 0x30,
  set: 0x31,
  version: 0xa0,
  extensions: 0xa3,
  hostName: 0x82,
  address: 0x87,
} as const;

/** Encoded object identifiers. */
const oid = {
  ecdsaWithSha256: Buffer.from("2a8648ce3d040302", "hex"),
  commonName: Buffer.from("550403", "hex"),
  subjectAltName: Buffer.from("551d11", "hex"),
  basicConstraints: Buffer.from("551d13", "hex"),
} as const;

/** An authority that signs itself. */
export function createAuthority(name: string): Authority {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const constraints = extension(oid.basicConstraints, der(tag.boolean, Buffer.from([0xff])));
  const certificate = encode({ name, publicKey, extensions: [constraints] }, { name, privateKey });
  return { name, privateKey, certificate, key: exportKey(privateKey) };
}

/** A certificate for host names and IPv4 addresses, good for a day. */
export function issue(authority: Authority, hosts: readonly string[]): Identity {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = hosts[0] ?? "";
  const alternatives = extension(oid.subjectAltName, ...hosts.map(alternative));
  const extensions = [extension(oid.basicConstraints), alternatives];
  const certificate = encode({ name, publicKey, extensions }, authority);
  return { certificate, key: exportKey(privateKey) };
}

/**
 * The certificate of RFC 5280, section 4.1, as PEM: what is signed, how, and the signature.
 */
function encode(
  subject: {
    readonly name: string;
    readonly publicKey: KeyObject;
    readonly extensions: readonly Buffer[];
  },
  issuer: Pick<Authority, "name" | "privateKey">,
): string {
  const algorithm = sequence(der(tag.oid, oid.ecdsaWithSha256));
  // A serial number is positive.
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(15)]);
  const nowMs = Date.now();
  const signed = sequence(
    der(tag.version, der(tag.integer, Buffer.from([2]))),
    der(tag.integer, serial),
    algorithm,
    distinguishedName(issuer.name),
    // The clocks of containers and hosts differ.
    sequence(time(nowMs - hourMs), time(nowMs + 24 * hourMs)),
    distinguishedName(subject.name),
    subject.publicKey.export({ type: "spki", format: "der" }),
    der(tag.extensions, sequence(...subject.extensions)),
  );
  const signature = sign("sha256", signed, issuer.privateKey);
  const unusedBits = Buffer.from([0]);
  return toPem(sequence(signed, algorithm, der(tag.bitString, unusedBits, signature)));
}

/** Tag, length, contents. */
function der(type: number, ...contents: readonly Buffer[]): Buffer {
  const body = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([type, ...lengthBytes(body.length)]), body]);
}

/** One byte below 128; else how many bytes the length has, and these. */
function lengthBytes(length: number): readonly number[] {
  if (length < 0x80) return [length];
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}

function sequence(...contents: readonly Buffer[]): Buffer {
  return der(tag.sequence, ...contents);
}

function distinguishedName(commonName: string): Buffer {
  const value = der(tag.utf8, Buffer.from(commonName));
  return sequence(der(tag.set, sequence(der(tag.oid, oid.commonName), value)));
}

/** "261128145300Z" */
function time(atMs: number): Buffer {
  const digits = new Date(atMs).toISOString().replace(/\D/g, "");
  return der(tag.time, Buffer.from(`${digits.slice(2, 14)}Z`));
}

function extension(id: Buffer, ...contents: readonly Buffer[]): Buffer {
  return sequence(der(tag.oid, id), der(tag.octetString, sequence(...contents)));
}

function alternative(host: string): Buffer {
  const isAddress = /^\d+(\.\d+){3}$/.test(host);
  return isAddress
    ? der(tag.address, Buffer.from(host.split(".").map(Number)))
    : der(tag.hostName, Buffer.from(host));
}

function exportKey(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}

function toPem(bytes: Buffer): string {
  const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
