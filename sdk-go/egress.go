package statewire

// Egress is a way to the world outside, which the runtime's module.yaml defines under the same name.
type Egress[T any] struct {
	name string
	kind Type[T]
}

// NewEgress names an egress, "namespace/name", and the type of its records.
func NewEgress[T any](name string, kind Type[T]) Egress[T] { return Egress[T]{name: name, kind: kind} }

// Name is "namespace/name".
func (e Egress[T]) Name() string { return e.name }

// Type is the type of its records.
func (e Egress[T]) Type() Type[T] { return e.kind }

// Send publishes a record. Those of one instance leave in the order in which they were sent.
func (e Egress[T]) Send(ctx *Context, record T) { ctx.SendEgress(e.name, e.kind.Of(record)) }
