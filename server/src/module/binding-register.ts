import type { EgressSpec, EndpointSpec, IngressSpec, SourcePosition } from "./module.js";
import { formatPosition, type ModuleProblem } from "./module-problem.js";
import { suggestName } from "./nearest-name.js";
import type { ConnectorSpec } from "./statefun/connectors.js";
import type { YamlDocument } from "./yaml-document.js";

type Component = EndpointSpec | IngressSpec | EgressSpec | ConnectorSpec;

interface Binding {
  /** "function", "ingress id", ... */
  readonly noun: string;
  readonly name: string;
  readonly position: SourcePosition;
}

/** What the components of a module have bound so far, each name once, and what they refer to. */
export class BindingRegister {
  /** By noun, then by name. */
  readonly #bound = new Map<string, Map<string, SourcePosition>>();
  readonly #references: (Binding & { readonly path: string })[] = [];

  /** The problems of a component that binds what is bound already. */
  add(component: Component, document: YamlDocument): ModuleProblem[] {
    const problems: ModuleProblem[] = [];
    this.#references.push(...referencesOf(component, document));
    for (const { noun, name, position } of bindingsOf(component, document)) {
      const ofNoun = this.#bound.get(noun) ?? new Map<string, SourcePosition>();
      this.#bound.set(noun, ofNoun);
      const earlier = ofNoun.get(name);
      if (earlier === undefined) {
        ofNoun.set(name, position);
        continue;
      }
      const message = `${noun} ${name} is already bound at ${formatPosition(earlier)}`;
      problems.push({ position, message });
    }
    return problems;
  }

  /** The problems of references to what no component has bound. */
  unbound(): ModuleProblem[] {
    return this.#references
      .filter(({ noun, name }) => this.#bound.get(noun)?.has(name) !== true)
      .map(({ noun, name, position, path }) => {
        const known = [...(this.#bound.get(noun)?.keys() ?? [])];
        const suggestion = known.length === 0 ? "; the module has none" : suggestName(name, known);
        return {
          position,
          message: `${path} names no ${noun} of the module: ${name}${suggestion}`,
        };
      });
  }
}

function referencesOf(component: Component, document: YamlDocument) {
  if (!("functions" in component)) return [];
  const { deadLetterEgress: name } = component.retry;
  const path = ["spec", "retry", "deadLetterEgress"];
  if (name === null) return [];
  const position = document.locate(path);
  return [{ noun: "egress", name, position, path: document.describe(path) }];
}

function bindingsOf(component: Component, document: YamlDocument): Binding[] {
  const at = (...path: (string | number)[]) => document.locate(["spec", ...path]);
  switch (component.kind) {
    case "statewire.endpoints.v1/grpc":
    case "io.statefun.endpoints.v1/http":
    case "io.statefun.endpoints.v2/http":
      return component.functions.map((name, index) => ({
        noun: "function",
        name,
        position: at("functions", index),
      }));
    case "io.statefun.playground.v1/ingress":
      return [
        { noun: "ingress", name: component.id, position: at() },
        ...portBinding(component.port, at("port")),
      ];
    case "io.statefun.playground.v1/egress":
      return [
        // No function's dead letters can go there: they are no records of its own.
        { noun: "playground egress", name: component.id, position: at() },
        ...portBinding(component.port, at("port")),
      ];
    case "statewire.file.v1/ingress":
    case "io.statefun.kafka.v1/ingress":
    case "io.statefun.kinesis.v1/ingress":
      return [{ noun: "ingress", name: component.id, position: at("id") }];
    case "statewire.file.v1/egress":
      // Two writers of one file would cut each other's records back after a crash.
      return [
        { noun: "egress", name: component.id, position: at("id") },
        { noun: "egress file", name: component.path, position: at("path") },
      ];
    default:
      return [{ noun: "egress", name: component.id, position: at("id") }];
  }
}

/** Port 0 is any that is free: never the same one twice. */
function portBinding(port: number, position: SourcePosition): Binding[] {
  return port === 0 ? [] : [{ noun: "port", name: String(port), position }];
}
