import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { createAuthority, issue } from "./certificate.js";

// Goal: what the kit shows is a certificate to those who did not write it. Method: OpenSSL reads it.

describe("a certificate of the kit", () => {
  const authority = createAuthority("here");
  const { certificate, key } = issue(authority, ["127.0.0.1", "localhost"]);
  const read = new X509Certificate(certificate);
  const issuer = new X509Certificate(authority.certificate);

  it("is signed by its authority, and by no other of the same name", () => {
    assert.ok(read.checkIssued(issuer));
    assert.ok(read.verify(issuer.publicKey));
    assert.ok(issuer.verify(issuer.publicKey));
    assert.deepEqual([issuer.ca, read.ca], [true, false]);
    const other = new X509Certificate(createAuthority("here").certificate);
    assert.equal(read.verify(other.publicKey), false);
  });

  it("is for its hosts, from an hour ago to tomorrow", () => {
    assert.equal(read.checkIP("127.0.0.1"), "127.0.0.1");
    assert.equal(read.checkHost("localhost"), "localhost");
    assert.equal(read.checkHost("elsewhere.example"), undefined);
    const [from, to] = [Date.parse(read.validFrom), Date.parse(read.validTo)];
    assert.equal(to - from, 25 * 3_600_000);
    assert.ok(from < Date.now() && Date.now() < to);
  });

  it("belongs to its key", () => {
    assert.ok(read.checkPrivateKey(createPrivateKey(key)));
  });
});
