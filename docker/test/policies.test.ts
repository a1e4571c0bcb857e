import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, parseAllDocuments } from "yaml";
import { readDockerfile } from "../src/dockerfile.js";

// Goal: images, services and pods are as closed as they can be, and fit to one another.
// Method: the files themselves. That they conform to their schemas is shown by docker/check.

const folder = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string) => readFileSync(join(folder, path), "utf8");
const dockerfiles = readdirSync(folder).filter((name) => name.endsWith(".Dockerfile"));

interface ComposeService {
  readonly image: string;
  readonly build?: { readonly dockerfile: string };
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly ports?: readonly string[];
  readonly restart?: string;
  readonly healthcheck?: unknown;
  readonly deploy?: { readonly resources?: { readonly limits?: { readonly memory?: string } } };
}

interface Pod {
  readonly securityContext: { readonly runAsNonRoot?: boolean };
  readonly enableServiceLinks?: boolean;
  readonly containers: readonly {
    readonly name: string;
    readonly image: string;
    readonly resources: { readonly limits: { readonly memory?: string } };
    readonly securityContext: { readonly readOnlyRootFilesystem?: boolean };
    readonly readinessProbe?: unknown;
    readonly livenessProbe?: unknown;
  }[];
}

function readServices(): ReadonlyMap<string, ComposeService> {
  const { services } = parse(read("compose.yaml"), { merge: true }) as {
    services: Record<string, ComposeService>;
  };
  return new Map(Object.entries(services));
}

function readPods(): ReadonlyMap<string, Pod> {
  const pods = new Map<string, Pod>();
  for (const name of readdirSync(join(folder, "kubernetes"))) {
    for (const document of parseAllDocuments(read(`kubernetes/${name}`))) {
      const { kind, metadata, spec } = document.toJS() as {
        kind: string;
        metadata: { name: string };
        spec?: { template?: { spec: Pod } };
      };
      const pod = spec?.template?.spec;
      if (pod !== undefined) pods.set(`${kind} ${metadata.name}`, pod);
    }
  }
  return pods;
}

describe("the images", () => {
  for (const name of dockerfiles) {
    it(`${name} runs as nobody in particular, on bases of one version`, () => {
      const { user } = readDockerfile(join(folder, name));
      assert.equal(user, "10001:10001");
      const bases = [...read(name).matchAll(/^ARG \w+_IMAGE=(.*)$/gm)].map(([, base]) => base);
      assert.equal(bases.length, 1);
      assert.match(bases[0] ?? "", /^[a-z]+:\d+\.\d+\.\d+-[a-z-]+$/);
    });
  }

  it("the runtime is healthy when it is ready", () => {
    const { healthTest, entrypoint, command } = readDockerfile(join(folder, "server.Dockerfile"));
    assert.match(healthTest.join(" "), /127\.0\.0\.1:7411\/readyz/);
    assert.deepEqual(
      [...entrypoint, ...command],
      ["statewire", "run", "/etc/statewire/module.yaml"],
    );
  });
});

describe("the services of compose.yaml", () => {
  const services = readServices();
  for (const [name, service] of services) {
    it(`${name} has limits, restarts, and listens to this machine alone`, () => {
      assert.match(service.deploy?.resources?.limits?.memory ?? "", /^\d+[MG]$/);
      assert.ok(service.restart);
      for (const port of service.ports ?? []) assert.match(port, /^127\.0\.0\.1:/);
    });

    it(`${name} is built here and closed, or has a fixed version`, () => {
      if (service.build === undefined) {
        assert.match(service.image, /:RELEASE\.[\dTZ-]+$/);
        return;
      }
      assert.ok(dockerfiles.includes(service.build.dockerfile.replace("docker/", "")));
      assert.equal(service.read_only, true);
      assert.deepEqual(service.cap_drop, ["ALL"]);
    });
  }

  it("are the endpoints of the module", () => {
    const addresses = parseAllDocuments(read("flights/module.yaml")).flatMap((document) => {
      const address: unknown = document.getIn(["spec", "address"]);
      return typeof address === "string" ? [address] : [];
    });
    assert.equal(addresses.length, 3);
    for (const address of addresses) assert.ok(services.has(address.replace(":7500", "")), address);
  });
});

describe("the pods of the manifests", () => {
  for (const [name, pod] of readPods()) {
    it(`${name} is closed and has limits`, () => {
      assert.equal(pod.securityContext.runAsNonRoot, true);
      // The variables of the Service "statewire" would be taken for settings.
      assert.equal(pod.enableServiceLinks, false);
      for (const container of pod.containers) {
        assert.ok(container.resources.limits.memory);
        assert.equal(container.securityContext.readOnlyRootFilesystem, true);
        const isJob = name.startsWith("Job");
        assert.equal(container.readinessProbe !== undefined, !isJob);
        assert.equal(container.livenessProbe !== undefined, !isJob);
      }
    });
  }
});
