import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { IamAwsProvider } from "minio";
import { ObjectStoreError } from "./object-store.js";

/** What requests are signed with. */
export interface S3Credentials {
  readonly accessKey: string;
  readonly secretKey: string;
  /** Of temporary credentials; else undefined. */
  readonly sessionToken: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Temporary credentials in a file are written anew long before the old ones end. */
const fileAgeMsMax = 30_000;

/**
 * Finds credentials where the AWS tools do: the environment, else the shared credentials file, else
 * the role of the instance, container or service account. Asked before each request; each source
 * knows how long its answer holds.
 *
 * @throws ObjectStoreError DENIED when there are none. The message never holds one.
 */
export function findCredentials(environment: Environment): () => Promise<S3Credentials> {
  const { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey } = environment;
  if (accessKey && secretKey) {
    const found = { accessKey, secretKey, sessionToken: environment["AWS_SESSION_TOKEN"] };
    return () => Promise.resolve(found);
  }
  const role = new IamAwsProvider({});
  let cached: { readonly credentials: S3Credentials; readonly readAtMs: number } | null = null;
  return async () => {
    if (cached !== null && performance.now() - cached.readAtMs < fileAgeMsMax) {
      return cached.credentials;
    }
    const credentials = await readCredentialsFile(environment);
    if (credentials === undefined) return ofRole(role);
    cached = { credentials, readAtMs: performance.now() };
    return credentials;
  };
}

async function ofRole(role: IamAwsProvider): Promise<S3Credentials> {
  try {
    const credentials = await role.getCredentials();
    return {
      accessKey: credentials.getAccessKey(),
      secretKey: credentials.getSecretKey(),
      sessionToken: credentials.getSessionToken(),
    };
  } catch (cause) {
    const where = "AWS_ACCESS_KEY_ID, AWS_SHARED_CREDENTIALS_FILE or the role of this machine";
    throw new ObjectStoreError("DENIED", `no S3 credentials: set ${where}`, { cause });
  }
}

async function readCredentialsFile(environment: Environment): Promise<S3Credentials | undefined> {
  const named = environment["AWS_SHARED_CREDENTIALS_FILE"];
  const path = named ?? join(homedir(), ".aws", "credentials");
  const profile = environment["AWS_PROFILE"] ?? "default";
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    if (named === undefined) return undefined;
    const why = `cannot read AWS_SHARED_CREDENTIALS_FILE ${path}: ${(cause as Error).message}`;
    throw new ObjectStoreError("DENIED", why, { cause });
  }
  const fields = parseProfile(text, profile);
  const accessKey = fields.get("aws_access_key_id");
  const secretKey = fields.get("aws_secret_access_key");
  if (accessKey !== undefined && secretKey !== undefined) {
    return { accessKey, secretKey, sessionToken: fields.get("aws_session_token") };
  }
  if (named === undefined) return undefined;
  throw new ObjectStoreError("DENIED", `${path} has no keys in the profile ${profile}`);
}

/** "[name]" begins a profile, "key = value" is in it, "#" and ";" begin a comment. */
export function parseProfile(text: string, profile: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  let section = "";
  for (const line of text.split(/\r?\n/)) {
    const head = /^\s*\[\s*([^\]]*?)\s*\]/.exec(line)?.[1];
    if (head !== undefined) section = head;
    const [, key, value] = /^\s*([^#;=\s][^=\s]*)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (section === profile && key !== undefined && value !== undefined) fields.set(key, value);
  }
  return fields;
}
