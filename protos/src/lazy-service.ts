import type {
  MethodDefinition,
  ServiceDefinition,
  UntypedHandleCall,
  UntypedServiceImplementation,
} from "@grpc/grpc-js";

/** A service and what answers it. */
export interface GrpcService {
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}

/** A method as it is known before its library is loaded. */
export interface LazyMethod {
  readonly name: string;
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

/** A method as its library has it. */
interface LoadedMethod {
  readonly definition: MethodDefinition<unknown, unknown>;
  readonly handle: (...call: unknown[]) => void;
}

/** Adds a service to a server, as libraries do. */
export type AddToServer = (server: {
  addService(service: ServiceDefinition, implementation: UntypedServiceImplementation): void;
}) => void;

/**
 * A service of a library that is loaded when somebody calls it: the code of gRPC's own services, and
 * reading their proto files, would take longer than much else of a start.
 */
export function lazyService(methods: readonly LazyMethod[], load: () => AddToServer): GrpcService {
  let loaded: Map<string, LoadedMethod> | null = null;
  const method = (path: string): LoadedMethod => {
    loaded ??= methodsOf(load());
    const found = loaded.get(path);
    if (found === undefined) throw new Error(`the library does not serve ${path}`);
    return found;
  };
  const definition: Record<string, MethodDefinition<unknown, unknown>> = {};
  const implementation: Record<string, UntypedHandleCall> = {};
  for (const { name, ...outline } of methods) {
    const { path } = outline;
    definition[name] = {
      ...outline,
      requestSerialize: (value) => method(path).definition.requestSerialize(value),
      requestDeserialize: (bytes) => method(path).definition.requestDeserialize(bytes),
      responseSerialize: (value) => method(path).definition.responseSerialize(value),
      responseDeserialize: (bytes) => method(path).definition.responseDeserialize(bytes),
    };
    implementation[name] = (...call: unknown[]) => method(path).handle(...call);
  }
  return { definition, implementation };
}

/** The library's methods by path. */
function methodsOf(addToServer: AddToServer): Map<string, LoadedMethod> {
  const methods = new Map<string, LoadedMethod>();
  addToServer({
    addService: (service, implementation) => {
      for (const [name, definition] of Object.entries(service)) {
        // A server takes either name of a method, too.
        const { originalName = name } = definition;
        const handle = (implementation[name] ??
          implementation[originalName]) as LoadedMethod["handle"];
        methods.set(definition.path, { definition, handle });
      }
    },
  });
  return methods;
}
