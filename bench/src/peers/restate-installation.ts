import { createRequire } from "node:module";
import { arch, platform } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { SkippedSubject } from "../subject.js";

/** Where the user installed Restate. */
export interface RestateInstallation {
  readonly serverPath: string;
  /** The SDK's module, to import. */
  readonly sdkPath: string;
  readonly version: string;
}

/** Names a folder whose node_modules hold Restate, when this repository's do not. */
const directoryVariable = "BENCH_PEERS_DIR";

/** @throws SkippedSubject when it is not installed, saying how to install it. */
export function findRestate(): RestateInstallation {
  const directory = process.env[directoryVariable];
  const require = createRequire(
    directory === undefined ? import.meta.url : join(directory, "package.json"),
  );
  try {
    const sdkPath = require.resolve("@restatedev/restate-sdk");
    const server = `@restatedev/restate-server-${platform()}-${arch()}/package.json`;
    const serverManifest = require.resolve(server);
    const { version } = require(serverManifest) as { readonly version: string };
    const serverPath = join(dirname(serverManifest), "bin", "restate-server");
    return { serverPath, sdkPath, version };
  } catch {
    throw new SkippedSubject(
      "Restate is not installed: npm install --no-save @restatedev/restate-server " +
        `@restatedev/restate-sdk, here or in a folder that ${directoryVariable} names`,
    );
  }
}
