package statewire

import (
	"errors"
	"time"

	"github.com/statewire/statewire/sdk-go/internal/session"
	pb "github.com/statewire/statewire/sdk-go/statewirev1"
)

// State is a declared state: a value of type T that each instance of a function has, or has not. A
// State is a package-level variable; every function that lists it in States has one of its own by that
// name.
//
// The type of a state cannot change while values exist.
type State[T any] struct {
	declaration stateDeclaration
	kind        Type[T]
}

// StateDeclaration is a *State of any type.
type StateDeclaration interface {
	// Name is unique within a function.
	Name() string
	declared() *stateDeclaration
}

// States are the states that a function declares.
type States []StateDeclaration

// StateOption is an option of [NewState].
type StateOption func(*stateDeclaration)

type stateDeclaration struct {
	name       string
	typename   string
	lazy       bool
	mode       pb.Expiration_Mode
	expiration time.Duration
}

// NewState declares a state. Its name has 1 to 255 bytes.
func NewState[T any](name string, kind Type[T], options ...StateOption) *State[T] {
	state := &State[T]{declaration: stateDeclaration{name: name, typename: kind.Typename()}, kind: kind}
	for _, option := range options {
		option(&state.declaration)
	}
	return state
}

// ExpireAfterWrite lets a value end so long after it was last written, in whole milliseconds.
func ExpireAfterWrite(after time.Duration) StateOption {
	return func(state *stateDeclaration) {
		state.mode, state.expiration = pb.Expiration_MODE_AFTER_WRITE, after
	}
}

// ExpireAfterInvocation lets a value end so long after the last message to its address, in whole
// milliseconds.
func ExpireAfterInvocation(after time.Duration) StateOption {
	return func(state *stateDeclaration) {
		state.mode, state.expiration = pb.Expiration_MODE_AFTER_INVOCATION, after
	}
}

// Lazy lets a state be fetched when it is first read, instead of coming with every message. It suits
// large values that few messages need.
func Lazy() StateOption {
	return func(state *stateDeclaration) { state.lazy = true }
}

// Name is the state's name.
func (s *State[T]) Name() string { return s.declaration.name }

// Type is the type of its values.
func (s *State[T]) Type() Type[T] { return s.kind }

func (s *State[T]) declared() *stateDeclaration { return &s.declaration }

// Get is the value, or T's zero value when there is none. See [State.Lookup].
func (s *State[T]) Get(ctx *Context) (T, error) {
	value, _, err := s.Lookup(ctx)
	return value, err
}

// Lookup is the value, and whether there is one. Changing what it returns changes nothing until Set.
//
// It fails with CodeBadState when the bytes are not T's, and, for a lazy state, with CodeStreamLost or
// CodeTimeout when the answer cannot come any more. The message fails then, whatever the handler does
// about it: what came after would rest on a value that nobody knows.
func (s *State[T]) Lookup(ctx *Context) (value T, found bool, err error) {
	bytes, err := ctx.readState(&s.declaration)
	if err != nil || bytes == nil {
		return value, false, err
	}
	value, err = s.kind.decode(bytes)
	if err != nil {
		return value, false, ctx.fail(newError(CodeBadState, err, "state %s is no %s", s.Name(), s.kind.name))
	}
	return value, true, nil
}

// Set writes the value.
func (s *State[T]) Set(ctx *Context, value T) {
	bytes, err := s.kind.Encode(value)
	if err != nil {
		ctx.fail(newError(CodeInvalid, err, "state %s", s.Name()))
		return
	}
	ctx.writeState(&s.declaration, bytes)
}

// Clear deletes the value.
func (s *State[T]) Clear(ctx *Context) { ctx.writeState(&s.declaration, nil) }

func (s *stateDeclaration) spec() *pb.StateSpec {
	spec := &pb.StateSpec{Name: s.name, Typename: s.typename, Lazy: s.lazy}
	if s.mode != pb.Expiration_MODE_UNSPECIFIED {
		spec.Expiration = &pb.Expiration{Mode: s.mode, DurationMs: uint64(s.expiration / time.Millisecond)}
	}
	return spec
}

func (s *stateDeclaration) validate() error {
	if s.name == "" || len(s.name) > 255 {
		return newError(CodeInvalid, nil, "state name of %d bytes, expected 1 to 255", len(s.name))
	}
	if err := validateTypename(s.typename); err != nil {
		return newError(CodeInvalid, err, "state %s", s.name)
	}
	if s.mode != pb.Expiration_MODE_UNSPECIFIED && s.expiration < time.Millisecond {
		return newError(CodeInvalid, nil, "state %s expires after %v, expected 1 ms or more", s.name, s.expiration)
	}
	return nil
}

// describeLoad is why a lazy state did not come.
func describeLoad(name string, cause error) *Error {
	code := CodeStreamLost
	if errors.Is(cause, session.ErrTimeout) {
		code = CodeTimeout
	}
	return newError(code, cause, "state %s", name)
}
