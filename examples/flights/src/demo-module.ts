import { stringify } from "yaml";

/** Files beside the module, which names them without a folder. */
export const demoFiles = {
  flights: "flights.json",
  alerts: "alerts.ndjson",
  digests: "digests.ndjson",
} as const;

/** The module.yaml of the demo: one function server ("host:port"), one file in, two files out. */
export function formatModule(functionServerAddress: string): string {
  const documents = [
    {
      kind: "statewire.endpoints.v1/grpc",
      spec: {
        functions: ["flights/airport", "flights/route", "flights/hour"],
        address: functionServerAddress,
      },
    },
    {
      kind: "statewire.file.v1/ingress",
      spec: {
        id: "flights/file",
        path: demoFiles.flights,
        format: "json",
        targets: [{ function: "flights/airport", id: "{origin}", valueType: "flights/flight" }],
      },
    },
    {
      kind: "statewire.file.v1/egress",
      spec: { id: "flights/alerts", path: demoFiles.alerts },
    },
    {
      kind: "statewire.file.v1/egress",
      spec: { id: "flights/digests", path: demoFiles.digests },
    },
  ];
  return documents.map((document) => stringify(document)).join("---\n");
}
