import { unreachable } from "../core/assert.js";
import type { EgressSpec, EndpointSpec, IngressSpec, Module } from "../module/module.js";
import type { SecretReference, SecretText } from "../module/secret-text.js";

/** One line for each component of a module, for people. */
export function describeModule(module: Module): string[] {
  const { endpoints, ingresses, egresses, connectors } = module;
  return [
    ...endpoints.map(
      (endpoint) =>
        `endpoint ${placeOf(endpoint)} for ${endpoint.functions.join(", ")}` +
        ("tls" in endpoint && endpoint.tls !== null ? " (TLS)" : ""),
    ),
    ...ingresses.map(
      (ingress) => `ingress ${ingress.id} from ${originOf(ingress)} (${ingress.kind})`,
    ),
    ...egresses.map((egress) => `egress ${egress.id} to ${destinationOf(egress)} (${egress.kind})`),
    ...connectors.map(({ id, kind }) => `${kind.split("/")[1]} ${id} (${kind}), not run`),
  ];
}

function placeOf(endpoint: EndpointSpec): string {
  if (endpoint.kind !== "statewire.endpoints.v1/grpc") return endpoint.urlTemplate;
  return endpoint.addresses.join(", ") || "of servers that dial in";
}

/** The hosts of a module's endpoints, in lower case. */
export function hostsOf({ endpoints }: Module): ReadonlySet<string> {
  const hosts = endpoints.flatMap((endpoint) => {
    if ("addresses" in endpoint) {
      return endpoint.addresses.map((address) => address.slice(0, address.lastIndexOf(":")));
    }
    const url = endpoint.urlTemplate.replaceAll("{function.name}", "name");
    return URL.canParse(url) ? [new URL(url).hostname] : [];
  });
  return new Set(hosts.map((host) => host.toLowerCase()));
}

/** The names of the secrets that a module refers to: variables, and files as "file:PATH". */
export function secretsOf(module: Module): string[] {
  const names = secretTexts(module).flatMap(({ text }) => text.references.map(nameOf));
  return [...new Set(names)];
}

/**
 * What is wrong with the secrets of a module: variables that are not set, files that cannot be
 * read. Never holds a secret.
 */
export function missingSecrets(
  module: Module,
  environment: Readonly<Record<string, string | undefined>>,
): string[] {
  const problems = secretTexts(module).flatMap(({ place, text }) => {
    try {
      text.reveal(environment);
      return [];
    } catch (error) {
      return [`${place}: ${text}: ${error instanceof Error ? error.message : String(error)}`];
    }
  });
  return [...new Set(problems)];
}

function secretTexts({ endpoints, egresses }: Module): { place: string; text: SecretText }[] {
  const ofEndpoints = endpoints.flatMap((endpoint) => {
    if (!("authorization" in endpoint) || endpoint.authorization === null) return [];
    const place = `authorization of endpoint ${endpoint.functions.join(" ")}`;
    return [{ place, text: endpoint.authorization }];
  });
  const ofEgresses = egresses.flatMap((egress) => {
    if (egress.kind !== "statewire.http.v1/egress") return [];
    const headers = [...egress.headers].map(([name, text]) => ({
      place: `header ${name} of egress ${egress.id}`,
      text,
    }));
    return [{ place: `url of egress ${egress.id}`, text: egress.url }, ...headers];
  });
  return [...ofEndpoints, ...ofEgresses];
}

function nameOf(reference: SecretReference): string {
  return reference.kind === "environment" ? reference.name : `file:${reference.path}`;
}

function originOf(ingress: IngressSpec): string {
  return ingress.kind === "statewire.file.v1/ingress" ? ingress.path : `port ${ingress.port}`;
}

function destinationOf(egress: EgressSpec): string {
  switch (egress.kind) {
    case "statewire.file.v1/egress":
      return egress.path;
    case "statewire.http.v1/egress":
      return String(egress.url);
    case "statewire.stdout.v1/egress":
      return "standard output";
    case "statewire.grpc.v1/egress":
      return "subscribers";
    case "io.statefun.playground.v1/egress":
      return `port ${egress.port}, topics ${egress.topics.join(", ")}`;
    default:
      return unreachable(egress);
  }
}
