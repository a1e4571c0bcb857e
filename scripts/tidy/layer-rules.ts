import { findCycles, type Import, importsOf, reachable, readImports } from "./import-graph.js";
import { isTest, type Rule, sourcesOf, type Workspace } from "./workspace.js";

const mapPath = "server/README.md";
const serverRoot = "server/src/";

/** A row of the map in server/README.md. */
interface Layer {
  /** A folder of server/src, or a file beside the folders. */
  readonly name: string;
  readonly mayImport: readonly string[];
}

/** The map in server/README.md names exactly the folders and files of server/src. */
export const mapMatchesFolders: Rule = (workspace) => {
  const drawn = new Set(readMap(workspace).map(({ name }) => name));
  const real = new Set(
    sourcesOf(workspace)
      .filter((path) => path.startsWith(serverRoot) && !isTest(path))
      .map(layerOf),
  );
  return [
    ...[...real]
      .filter((name) => !drawn.has(name))
      .map((name) => `${mapPath}: has no row for ${name}`),
    ...[...drawn]
      .filter((name) => !real.has(name))
      .map((name) => `${mapPath}: has a row for ${name}, which does not exist`),
  ];
};

/** A file of the server imports only what the map lets its folder import. */
export const importsKeepRanks: Rule = (workspace) => {
  const layers = readMap(workspace);
  return readImports(workspace)
    .filter(({ from }) => from.startsWith(serverRoot) && !isTest(from))
    .flatMap((edge) => {
      const used = usedLayer(edge);
      const from = layerOf(edge.from);
      if (used === null || used === from || mayImport(layers, from, used)) return [];
      return [`${edge.from}: ${from} may not import ${used} (${edge.specifier})`];
    });
};

/** No files import each other in a circle. */
export const importsHaveNoCycle: Rule = (workspace) =>
  findCycles(readImports(workspace)).map(
    (group) => `${group[0] ?? ""}: import cycle of ${group.join(", ")}`,
  );

/** LMDB stays behind the store. */
export const onlyStoreImportsLmdb: Rule = (workspace) =>
  readImports(workspace)
    .filter(({ specifier }) => specifier === "lmdb")
    .filter(({ from }) => !from.startsWith("server/src/store/") && !from.startsWith("bench/"))
    .map(({ from }) => `${from}: only store/ imports lmdb`);

/** A package is used by its name, never by a path into its folder. */
export const relativeImportsStayInPackage: Rule = (workspace) =>
  readImports(workspace)
    .filter(({ from, target }) => target !== null && packageOf(from) !== packageOf(target))
    .map(({ from, specifier }) => `${from}: ${specifier} leaves the package`);

/** Every source file can be reached from an entry of its package or from a test. */
export const everySourceIsReachable: Rule = (workspace) => {
  const sources = sourcesOf(workspace);
  const scripts = [...workspace.keys()].filter((path) => /\.m?js$/.test(path));
  const edges = new Map<string, readonly string[]>();
  for (const path of [...sources, ...scripts]) edges.set(path, referencesOf(workspace, path));
  const entries = [...sources, ...scripts].filter(
    (path) => isEntry(workspace, path) || /\.test(-d)?\.ts$/.test(path) || scripts.includes(path),
  );
  const reached = new Set([...entries, ...reachable(edges, entries)]);
  return sources
    .filter((path) => !reached.has(path))
    .map((path) => `${path}: no entry and no test reaches this file`);
};

function readMap(workspace: Workspace): readonly Layer[] {
  const rows = [
    ...(workspace.get(mapPath) ?? "").matchAll(/^\| `([^`]+)` \|[^|]*\| ([^|]*) \|$/gm),
  ];
  return rows.map((row) => ({
    name: row[1] ?? "",
    mayImport: (row[2] ?? "").split(",").map((name) => name.trim()),
  }));
}

function mayImport(layers: readonly Layer[], from: string, used: string): boolean {
  const position = layers.findIndex(({ name }) => name === from);
  const allowed = layers[position]?.mayImport ?? [];
  if (allowed.includes(used.replace(/\.ts$/, "")) || allowed.includes("all")) return true;
  if (!allowed.includes("everything below")) return false;
  return used === "protos" || layers.slice(0, position).some(({ name }) => name === used);
}

function usedLayer({ specifier, target }: Import): string | null {
  if (specifier.startsWith("@statewire/protos")) return "protos";
  if (specifier === "lmdb") return "lmdb";
  return target?.startsWith(serverRoot) === true ? layerOf(target) : null;
}

function layerOf(path: string): string {
  return path.slice(serverRoot.length).split("/")[0] ?? "";
}

function packageOf(path: string): string {
  const [first = "", second = ""] = path.split("/");
  return first === "examples" ? `${first}/${second}` : first;
}

/** Files that a file imports, or names as the program of another process. */
function referencesOf(workspace: Workspace, path: string): readonly string[] {
  const imported = importsOf(workspace, path).flatMap(({ target }) => target ?? []);
  const programs = [...(workspace.get(path) ?? "").matchAll(/["'`/]([\w.-]+)\.js["'`]/g)].flatMap(
    ([, name = ""]) => [...workspace.keys()].filter((file) => file.endsWith(`/${name}.ts`)),
  );
  return [...imported, ...programs.filter((file) => packageOf(file) === packageOf(path))];
}

/** Named by the package.json of its package, perhaps by a pattern with one star. */
function isEntry(workspace: Workspace, path: string): boolean {
  const owner = packageOf(path);
  const compiled = `dist${path.slice(owner.length).replace(/\.ts$/, ".js")}`;
  if (workspace.get("package.json")?.includes(`node ${owner}/${compiled}`) === true) return true;
  const manifest = workspace.get(`${owner}/package.json`) ?? "";
  const named = [...manifest.matchAll(/dist\/[\w./*-]+\.js/g)].map(([name]) => name.split("*"));
  return named.some(([head = "", tail]) =>
    tail === undefined ? compiled === head : compiled.startsWith(head) && compiled.endsWith(tail),
  );
}
