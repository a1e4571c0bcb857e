import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

// Packs the compiled runtime and the libraries that it starts with into few files, which node loads
// in half of the time (docs/decisions/0016-bundle.md): server/dist/bundle, where bin/ begins.

const server = fileURLToPath(new URL("../../../server", import.meta.url));
const outdir = join(server, "dist/bundle");

/** Where a process or a thread begins. A thread's file is beside the code that starts it: one folder. */
const entryPoints = [
  "main.js",
  "store/fold-worker.js",
  "checkpoint/checkpoint-worker.js",
  "checkpoint/object-worker.js",
].map((file) => join(server, "dist/src", file));

/** Libraries of CommonJS call `require` for node's own modules. */
const banner = [
  'import { createRequire as createBundleRequire } from "node:module";',
  "const require = createBundleRequire(import.meta.url);",
].join("\n");

await rm(outdir, { recursive: true, force: true });
await build({
  absWorkingDir: dirname(server),
  entryPoints,
  outdir,
  entryNames: "[name]",
  chunkNames: "[name]-[hash]",
  bundle: true,
  // What is loaded later, or by a thread alone, is a file of its own.
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20.19",
  // What finds its native code, or the proto files, beside itself.
  external: ["lmdb", "@statewire/protos/directory"],
  banner: { js: banner },
  logLevel: "warning",
});
