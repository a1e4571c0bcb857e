import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of this package; the compiled tests lie two folders below it. */
export const packageDirectory: string = fileURLToPath(new URL("../..", import.meta.url));

/** The specification's text. */
export function readSpecification(): string {
  return readFileSync(specificationPath, "utf8");
}

export const specificationPath: string = join(packageDirectory, "PROTOCOL.md");

/** Every proto file of the package, as the path that an import names it by, in order. */
export function listProtoFiles(): readonly string[] {
  return ["statefun", "statewire"]
    .flatMap((folder) => listFiles(join(packageDirectory, folder)))
    .filter((path) => path.endsWith(".proto"))
    .map((path) => relative(packageDirectory, path));
}

/** Every file below a folder, in order of path. */
export function listFiles(directory: string): readonly string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
