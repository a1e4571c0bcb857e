package statewire

import (
	"strings"

	"github.com/statewire/statewire/sdk-go/internal/session"
	pb "github.com/statewire/statewire/sdk-go/statewirev1"
)

// Function is a function type, or all types of a namespace: what its instances keep, and what they do
// with messages.
type Function struct {
	// Type is "namespace/type", or "namespace/*" for every type of the namespace that no other function
	// of the server has.
	Type TypeName
	// States are what each instance keeps.
	States States
	// Handlers are by type of message. A message that none takes fails with CODE_BAD_INPUT.
	Handlers Handlers
	// InFlightMax is how many instances one stream may run at a time; 0: no limit of its own.
	InFlightMax uint32
	// BatchMax is how many messages one invocation may carry; 0: the runtime decides.
	BatchMax uint32
}

// registered is a function as it is run: its declaration, prepared once.
type registered struct {
	declaration *Function
	states      []*stateDeclaration
	handlers    map[string]Handler
	// any takes what no other handler does; nil: nothing does.
	any *Handler
}

// register prepares functions to be run. Their order is the order of the function table.
func register(functions []Function) ([]*registered, error) {
	if len(functions) == 0 {
		return nil, newError(CodeInvalid, nil, "no functions to serve")
	}
	table := make([]*registered, 0, len(functions))
	seen := make(map[TypeName]bool)
	for i := range functions {
		function := functions[i]
		if seen[function.Type] {
			return nil, newError(CodeInvalid, nil, "function %s is declared twice", function.Type)
		}
		seen[function.Type] = true
		prepared, err := prepare(&function)
		if err != nil {
			return nil, newError(CodeInvalid, err, "function %q", string(function.Type))
		}
		table = append(table, prepared)
	}
	return table, nil
}

func prepare(function *Function) (*registered, error) {
	name := string(function.Type)
	if !session.IsFunctionType(name) && !session.IsNamespace(name) {
		return nil, newError(CodeInvalid, nil, "not a namespace/type, nor a namespace/*")
	}
	prepared := &registered{declaration: function, handlers: make(map[string]Handler)}
	names := make(map[string]bool)
	for _, state := range function.States {
		declared := state.declared()
		if err := declared.validate(); err != nil {
			return nil, err
		}
		if names[declared.name] {
			return nil, newError(CodeInvalid, nil, "state %s is declared twice", declared.name)
		}
		names[declared.name] = true
		prepared.states = append(prepared.states, declared)
	}
	for i := range function.Handlers {
		if err := prepared.addHandler(&function.Handlers[i]); err != nil {
			return nil, err
		}
	}
	if len(function.Handlers) == 0 {
		return nil, newError(CodeInvalid, nil, "no handlers")
	}
	return prepared, nil
}

func (r *registered) addHandler(handler *Handler) error {
	if handler.handle == nil {
		return newError(CodeInvalid, nil, "a handler that is none: use On or OnAny")
	}
	if handler.typename == "" {
		if r.any != nil {
			return newError(CodeInvalid, nil, "two handlers by OnAny")
		}
		r.any = handler
		return nil
	}
	if _, exists := r.handlers[handler.typename]; exists {
		return newError(CodeInvalid, nil, "two handlers of %s", handler.typename)
	}
	r.handlers[handler.typename] = *handler
	return nil
}

// handlerOf is what takes messages of a typename.
func (r *registered) handlerOf(typename string) (Handler, error) {
	if handler, ok := r.handlers[typename]; ok {
		return handler, nil
	}
	if r.any != nil {
		return *r.any, nil
	}
	return Handler{}, newError(CodeBadInput, nil, "%s takes no %s", r.declaration.Type, typename)
}

// indexOf is the state index of a declaration; -1 when the function does not declare it.
func (r *registered) indexOf(state *stateDeclaration) int {
	for i, declared := range r.states {
		if declared == state {
			return i
		}
	}
	return -1
}

// spec is what the runtime is told about the function.
func (r *registered) spec() *pb.FunctionSpec {
	spec := &pb.FunctionSpec{
		TypeName:    string(r.declaration.Type),
		InFlightMax: r.declaration.InFlightMax,
		BatchMax:    r.declaration.BatchMax,
	}
	for _, state := range r.states {
		spec.States = append(spec.States, state.spec())
	}
	return spec
}

func isTraceparent(text string) bool {
	parts := strings.Split(text, "-")
	if len(parts) != 4 || len(parts[0]) != 2 || len(parts[1]) != 32 || len(parts[2]) != 16 || len(parts[3]) != 2 {
		return false
	}
	for _, part := range parts {
		if strings.Trim(part, "0123456789abcdef") != "" {
			return false
		}
	}
	return true
}
