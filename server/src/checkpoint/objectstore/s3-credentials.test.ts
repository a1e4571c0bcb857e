import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findCredentials } from "./s3-credentials.js";

// Goal: credentials are found where the AWS tools find them, and no message holds one. That a real
// server takes them: test/s3-access.s3.test.ts.

const file = `
# for tests
[default]
aws_access_key_id = default-key
aws_secret_access_key=default/secret+=

[other]
aws_access_key_id = other-key
aws_secret_access_key = other-secret
aws_session_token = other-token
`;

describe("findCredentials", () => {
  const before = { ...process.env };
  let directory = "";

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "statewire-credentials-"));
    writeFileSync(join(directory, "credentials"), file);
    process.env["AWS_SHARED_CREDENTIALS_FILE"] = join(directory, "credentials");
    process.env["AWS_CONFIG_FILE"] = join(directory, "config");
    // Whatever machine the tests run on: nobody asks it.
    process.env["AWS_EC2_METADATA_DISABLED"] = "true";
    for (const name of ["AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) {
      delete process.env[name];
    }
  });

  afterEach(() => {
    process.env = { ...before };
    rmSync(directory, { recursive: true });
  });

  it("takes the environment first, with its session token", async () => {
    const environment = {
      AWS_ACCESS_KEY_ID: "key",
      AWS_SECRET_ACCESS_KEY: "secret",
      AWS_SESSION_TOKEN: "token",
    };
    const expected = { accessKey: "key", secretKey: "secret", sessionToken: "token" };
    assert.deepEqual(await findCredentials(environment)(), expected);
  });

  it("takes the default profile of the file, or the one that is named", async () => {
    const first = await findCredentials(process.env)();
    assert.deepEqual(first, {
      accessKey: "default-key",
      secretKey: "default/secret+=",
      sessionToken: undefined,
    });
    process.env["AWS_PROFILE"] = "other";
    assert.deepEqual(await findCredentials(process.env)(), {
      accessKey: "other-key",
      secretKey: "other-secret",
      sessionToken: "other-token",
    });
  });

  it("names the file and the profile that have none, and no secret", async () => {
    process.env["AWS_PROFILE"] = "missing";
    await assert.rejects(findCredentials(process.env)(), (error: Error) => {
      assert.match(error.message, /not in the profile missing of .*credentials/);
      assert.doesNotMatch(error.message, /other-|default-|default\//);
      return true;
    });
    process.env["AWS_SHARED_CREDENTIALS_FILE"] = join(directory, "nothing");
    await assert.rejects(findCredentials(process.env)(), { code: "DENIED" });
  });
});
