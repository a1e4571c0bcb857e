import { createRequire } from "node:module";
import type { HealthImplementation, ServingStatus } from "grpc-health-check";
import { type GrpcService, type LazyMethod, lazyService } from "./lazy-service.js";

const require = createRequire(import.meta.url);

const methods: readonly LazyMethod[] = ["Check", "Watch", "List"].map((name) => ({
  name,
  path: `/grpc.health.v1.Health/${name}`,
  requestStream: false,
  responseStream: name === "Watch",
}));

/**
 * The standard health service (grpc.health.v1.Health), of a runtime or a function server. A service
 * serves when its status says so, by its full name; the empty name is for all of them together.
 */
export class Health {
  readonly service: GrpcService;
  readonly #statuses: Record<string, ServingStatus>;
  #library: HealthImplementation | null = null;

  constructor(statuses: Readonly<Record<string, ServingStatus>> = {}) {
    this.#statuses = { ...statuses };
    this.service = lazyService(methods, () => {
      const library = this.#load();
      return (server) => library.addToServer(server);
    });
  }

  setStatus(name: string, status: ServingStatus): void {
    this.#statuses[name] = status;
    this.#library?.setStatus(name, status);
  }

  #load(): HealthImplementation {
    const library = require("grpc-health-check") as typeof import("grpc-health-check");
    this.#library = new library.HealthImplementation(this.#statuses);
    return this.#library;
  }
}
