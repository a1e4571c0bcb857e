// Goal: what was sent in version 1 is understood by every later version of the files. [EVOLVE-4]
// [EVOLVE-5] Method: v1-wire.txt has a line for each field, enum value and method. Lines are added with
// what is new, and none is ever changed or removed. UPDATE=1 adds.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PackageDefinition } from "@grpc/proto-loader";
import { loadProtos } from "./loader.js";
import { listProtoFiles, packageDirectory } from "./package-files.js";

const wirePath = join(packageDirectory, "test", "v1-wire.txt");

/** What a message or an enum is in its descriptor, as far as bytes depend on it. */
interface Descriptor {
  readonly field?: readonly {
    readonly name: string;
    readonly number: number;
    readonly label: string;
    readonly type: string;
    readonly typeName: string;
  }[];
  readonly value?: readonly { readonly name: string; readonly number: number }[];
  /** Enums that stand within a message. */
  readonly enumType?: readonly (Descriptor & { readonly name: string })[];
}

describe("package statewire.v1", () => {
  const current = describeWire(
    loadProtos(listProtoFiles().filter((path) => path.startsWith("statewire/v1/"))),
  );

  it("keeps every number, type and name that it had", () => {
    const known = readFileSync(wirePath, "utf8")
      .split("\n")
      .filter((line) => line !== "");
    assert.deepEqual(
      known.filter((line) => !current.includes(line)),
      [],
      "changed or removed: what is new gets a new number, or another package",
    );
    const added = current.filter((line) => !known.includes(line));
    if (process.env["UPDATE"] === "1") writeFileSync(wirePath, `${current.join("\n")}\n`);
    else assert.deepEqual(added, [], "new: UPDATE=1 adds it to v1-wire.txt");
  });

  it("never had what one line says of another", () => {
    const places = current.map((line) => line.split(" ")[0]);
    assert.equal(new Set(places).size, places.length);
    assert.ok(current.length > 100, `${current.length} lines`);
  });
});

/** One line each: where, "=", and what stands there. Sorted. */
function describeWire(definitions: PackageDefinition): readonly string[] {
  const lines = Object.entries(definitions).flatMap(([name, definition]) => {
    if (!name.startsWith("statewire.v1.")) return [];
    if ("type" in definition) return describeType(name, definition.type as Descriptor);
    return Object.values(definition).map(({ path, requestStream, responseStream, ...method }) => {
      const types = [method.requestType, method.responseType].map((type) => {
        return (type as { readonly type?: { readonly name?: string } } | undefined)?.type?.name;
      });
      const [from, to] = [requestStream, responseStream].map((is) => (is ? "stream " : ""));
      return `${path} = ${from}${types[0]} to ${to}${types[1]}`;
    });
  });
  return lines.sort();
}

function describeType(
  name: string,
  { field = [], value = [], enumType = [] }: Descriptor,
): readonly string[] {
  return [
    ...field.map((each) => {
      const label = each.label === "LABEL_REPEATED" ? "repeated " : "";
      const type = each.typeName === "" ? each.type : each.typeName;
      return `${name}:${each.number} = ${label}${type} ${each.name}`;
    }),
    ...value.map((each) => `${name}:${each.number} = ${each.name}`),
    ...enumType.flatMap((each) => describeType(`${name}.${each.name}`, each)),
  ];
}
