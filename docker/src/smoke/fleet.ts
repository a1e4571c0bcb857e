import { join } from "node:path";
import type { Service } from "../compose-file.js";
import { Container } from "./container.js";
import type { Machine } from "./machine.js";

const healthTimeoutMs = 60_000;

/** All services of a compose file, started in its order. */
export class Fleet {
  readonly #containers: ReadonlyMap<string, Container>;
  readonly #services: ReadonlyMap<string, Service>;
  readonly #started = new Map<string, Promise<void>>();

  constructor(services: ReadonlyMap<string, Service>, machine: Machine) {
    this.#services = services;
    this.#containers = new Map(
      [...services].map(([name, service]) => [
        name,
        new Container(name, machine.program(name, service), join(machine.directory, `${name}.log`)),
      ]),
    );
  }

  /** @throws Error when no service has that name. */
  container(name: string): Container {
    const container = this.#containers.get(name);
    if (container === undefined) throw new Error(`the compose file has no service ${name}`);
    return container;
  }

  /** Starts every service when what it depends on is as it should be. */
  async start(onStarted: (name: string) => void): Promise<void> {
    await Promise.all(
      [...this.#services.keys()].map(async (name) => {
        await this.#startOnce(name);
        onStarted(name);
      }),
    );
  }

  /** The other way round than they were started: the runtime drains while its function servers are there. */
  async stop(): Promise<void> {
    for (const name of [...this.#started.keys()].reverse()) {
      await this.container(name).stop("SIGTERM");
    }
  }

  #startOnce(name: string): Promise<void> {
    let started = this.#started.get(name);
    if (started === undefined) {
      started = this.#start(name);
      this.#started.set(name, started);
    }
    return started;
  }

  async #start(name: string): Promise<void> {
    const needs = Object.entries(this.#services.get(name)?.depends_on ?? {});
    for (const [other, { condition }] of needs) {
      await this.#startOnce(other);
      if (condition === "service_completed_successfully") {
        await this.container(other).untilCompleted();
      } else if (condition === "service_healthy") {
        await this.container(other).untilHealthy(healthTimeoutMs);
      }
    }
    this.container(name).start();
  }
}
