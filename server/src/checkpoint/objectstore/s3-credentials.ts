import { homedir } from "node:os";
import { join } from "node:path";
import { defaultProvider } from "@aws-sdk/credential-provider-node";
import { ObjectStoreError } from "./object-store.js";

/** What requests are signed with. */
export interface S3Credentials {
  readonly accessKey: string;
  readonly secretKey: string;
  /** Of temporary credentials; else undefined. */
  readonly sessionToken: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Temporary credentials in a file do not say until when they hold: the file is read again. */
const fileAgeMsMax = 30_000;

/**
 * Finds credentials where the AWS tools do: the environment, else the shared credentials and
 * configuration files, else the role of the service account, container or instance. Asked before
 * each request; what says until when it holds is asked for anew five minutes before.
 *
 * `environment`: where the keys are looked for. All else is as this process's own environment says.
 *
 * @throws ObjectStoreError DENIED when there are none. The message never holds one.
 */
export function findCredentials(environment: Environment): () => Promise<S3Credentials> {
  const { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey } = environment;
  if (accessKey && secretKey) {
    const found = { accessKey, secretKey, sessionToken: environment["AWS_SESSION_TOKEN"] };
    return () => Promise.resolve(found);
  }
  const provide = defaultProvider({ ignoreCache: true });
  let askAgainAtMs = 0;
  return async () => {
    const nowMs = performance.now();
    try {
      const found = await provide({ forceRefresh: nowMs >= askAgainAtMs });
      const { accessKeyId, secretAccessKey, sessionToken, expiration } = found;
      askAgainAtMs = expiration === undefined ? nowMs + fileAgeMsMax : Number.POSITIVE_INFINITY;
      return { accessKey: accessKeyId, secretKey: secretAccessKey, sessionToken };
    } catch (cause) {
      throw new ObjectStoreError("DENIED", `no S3 credentials: ${tried(environment)}`, { cause });
    }
  };
}

function tried(environment: Environment): string {
  const { AWS_PROFILE: profile = "default", AWS_SHARED_CREDENTIALS_FILE: file } = environment;
  const path = file ?? join(homedir(), ".aws", "credentials");
  const places = `not in the profile ${profile} of ${path} (AWS_PROFILE, AWS_SHARED_CREDENTIALS_FILE)`;
  return `AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set, they are ${places}, and this machine has no role`;
}
