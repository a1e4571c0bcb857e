import type { EgressSpec, EndpointSpec, IngressSpec, SourcePosition } from "./module.js";
import { formatPosition, type ModuleProblem } from "./module-problem.js";
import type { YamlDocument } from "./yaml-document.js";

interface Binding {
  /** "function", "ingress id", ... */
  readonly noun: string;
  readonly name: string;
  readonly position: SourcePosition;
}

/** What the components of a module have bound so far: each name once. */
export class BindingRegister {
  readonly #bound = new Map<string, SourcePosition>();

  /** The problems of a component that binds what is bound already. */
  add(component: EndpointSpec | IngressSpec | EgressSpec, document: YamlDocument): ModuleProblem[] {
    const problems: ModuleProblem[] = [];
    for (const { noun, name, position } of bindingsOf(component, document)) {
      const key = `${noun} ${name}`;
      const earlier = this.#bound.get(key);
      if (earlier === undefined) {
        this.#bound.set(key, position);
        continue;
      }
      const message = `${noun} ${name} is already bound at ${formatPosition(earlier)}`;
      problems.push({ position, message });
    }
    return problems;
  }
}

function bindingsOf(
  component: EndpointSpec | IngressSpec | EgressSpec,
  document: YamlDocument,
): Binding[] {
  const at = (...path: (string | number)[]) => document.locate(["spec", ...path]);
  switch (component.kind) {
    case "statewire.endpoints.v1/grpc":
      return component.functions.map((name, index) => ({
        noun: "function",
        name,
        position: at("functions", index),
      }));
    case "statewire.file.v1/ingress":
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
