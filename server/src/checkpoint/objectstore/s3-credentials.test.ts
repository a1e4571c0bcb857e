import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findCredentials, parseProfile } from "./s3-credentials.js";

// Goal: credentials are found where the AWS tools find them, and no message holds one.

const file = `
# for tests
[default]
aws_access_key_id = default-key
aws_secret_access_key=default/secret+=

[ other ]
aws_access_key_id = other-key
; aws_secret_access_key = not this one
aws_secret_access_key = other-secret
aws_session_token = other-token
`;

describe("findCredentials", () => {
  let directory = "";

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "statewire-credentials-"));
    writeFileSync(join(directory, "credentials"), file);
  });

  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  const inFile = () => ({ AWS_SHARED_CREDENTIALS_FILE: join(directory, "credentials") });

  it("takes the environment first, with its session token", async () => {
    const environment = {
      ...inFile(),
      AWS_ACCESS_KEY_ID: "key",
      AWS_SECRET_ACCESS_KEY: "secret",
      AWS_SESSION_TOKEN: "token",
    };
    const expected = { accessKey: "key", secretKey: "secret", sessionToken: "token" };
    assert.deepEqual(await findCredentials(environment)(), expected);
  });

  it("takes the default profile of the file, or the one that is named", async () => {
    assert.deepEqual(await findCredentials(inFile())(), {
      accessKey: "default-key",
      secretKey: "default/secret+=",
      sessionToken: undefined,
    });
    assert.deepEqual(await findCredentials({ ...inFile(), AWS_PROFILE: "other" })(), {
      accessKey: "other-key",
      secretKey: "other-secret",
      sessionToken: "other-token",
    });
  });

  it("names the file and the profile that have none, and no secret", async () => {
    const environment = { ...inFile(), AWS_PROFILE: "missing" };
    await assert.rejects(findCredentials(environment)(), (error: Error) => {
      assert.match(error.message, /credentials has no keys in the profile missing/);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
    const missing = { AWS_SHARED_CREDENTIALS_FILE: join(directory, "nothing") };
    await assert.rejects(findCredentials(missing)(), { code: "DENIED" });
  });

  it("reads no field of another profile", () => {
    assert.equal(parseProfile(file, "default").size, 2);
    assert.equal(parseProfile(file, "nobody").size, 0);
  });
});
