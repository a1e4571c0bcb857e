import { stringify } from "yaml";
import type { EgressPaths } from "./observation.js";

/** What the module needs to know. Paths are absolute. */
export interface DemoModule {
  /** "host:port" of the function server. */
  readonly functionServerAddress: string;
  /** A JSON array of flights. */
  readonly flightsPath: string;
  readonly egressPaths: EgressPaths;
}

/** The module.yaml of the demo: one function server, the file in, two files out. */
export function formatModule(module: DemoModule): string {
  const documents = [
    {
      kind: "statewire.endpoints.v1/grpc",
      spec: { functions: "flights/*", address: module.functionServerAddress },
    },
    {
      kind: "statewire.file.v1/ingress",
      spec: {
        id: "flights/file",
        path: module.flightsPath,
        format: "json",
        targets: [{ function: "flights/airport", id: "{origin}", valueType: "flights/flight" }],
      },
    },
    {
      kind: "statewire.file.v1/egress",
      spec: { id: "flights/alerts", path: module.egressPaths.alerts },
    },
    {
      kind: "statewire.file.v1/egress",
      spec: { id: "flights/digests", path: module.egressPaths.digests },
    },
  ];
  return documents.map((document) => stringify(document)).join("---\n");
}
