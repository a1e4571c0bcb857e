import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { protoDirectory } from "@statewire/protos/directory";

const templates = fileURLToPath(new URL("../../../templates", import.meta.url));

/** Ends the names of files that tools would take for their own if they had their real names here. */
const suffix = ".template";

/** The proto file that a function server needs, from the folder of the proto files. */
const protoFile = "statewire/v1/stream.proto";

/** The languages that there are skeletons for. */
export const languages: readonly string[] = readdirSync(templates, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();

/** The folder to be written is there already, and not empty. */
export class OccupiedError extends Error {}

/**
 * Writes the skeleton of an interpreter: server, scripts, proto file and README. Nothing is
 * overwritten.
 *
 * @returns The paths of the files, within the folder.
 * @throws OccupiedError when the folder has something in it.
 */
export function writeSkeleton(language: string, folder: string): readonly string[] {
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new OccupiedError(`${folder} is not empty`);
  mkdirSync(folder, { recursive: true });
  cpSync(join(templates, language), folder, { recursive: true });
  const proto = join(folder, "proto", protoFile);
  mkdirSync(join(proto, ".."), { recursive: true });
  cpSync(join(protoDirectory, protoFile), proto);
  const readme = readFileSync(join(templates, "README.md"), "utf8");
  writeFileSync(join(folder, "README.md"), readme.replaceAll("{{lang}}", language));
  for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const full = join(folder, path);
    if (path.endsWith(suffix)) renameSync(full, full.slice(0, -suffix.length));
    if (path.endsWith(".sh")) chmodSync(full, 0o755);
  }
  return readdirSync(folder, { recursive: true, encoding: "utf8", withFileTypes: false }).sort();
}
