package session

import (
	"strings"
	"sync"

	pb "github.com/statewire/statewire/sdk-go/statewirev1"
)

const (
	definitionsMax   = 65_536
	namePartBytesMax = 255
)

// typeIndex holds the type indexes of one stream: the function table from 1 on, then what the runtime
// defined. Entry i of the table (from 0) has index i + 1; index 0 is no type.
//
// The session writes it; functions that run read it, hence the lock.
type typeIndex struct {
	tableSize int

	mu     sync.RWMutex
	types  []indexedType
	byName map[string]uint32
}

type indexedType struct {
	name string
	// function is the table position (from 0) that serves the type, or -1.
	function int
}

func newTypeIndex(table []*pb.FunctionSpec) *typeIndex {
	index := &typeIndex{
		tableSize: len(table),
		types:     []indexedType{{function: -1}},
		byName:    make(map[string]uint32, len(table)),
	}
	for position, spec := range table {
		function := position
		if isWildcard(spec.TypeName) {
			// A wildcard's own index stands for no function type: nothing can be invoked or sent by it.
			function = -1
		}
		index.types = append(index.types, indexedType{name: spec.TypeName, function: function})
		index.byName[spec.TypeName] = uint32(position + 1)
	}
	return index
}

// newCallerIndex gives index i + 1 to caller i, for reading alone: nothing is interned by it.
func newCallerIndex(callers []string) *typeIndex {
	index := &typeIndex{types: []indexedType{{function: -1}}}
	for _, name := range callers {
		index.types = append(index.types, indexedType{name: name, function: -1})
	}
	return index
}

// define adds a type of the runtime's. It fails with TABLE-6, TABLE-7, TABLE-8 or TABLE-10.
func (t *typeIndex) define(definition *pb.TypeDefinition) *Violation {
	t.mu.Lock()
	defer t.mu.Unlock()
	next := uint32(len(t.types))
	if definition.Index != next {
		return violated("TABLE-6", "type definition of index %d, expected %d", definition.Index, next)
	}
	if int(next) > t.tableSize+definitionsMax {
		return violated("TABLE-10", "more than %d type definitions", definitionsMax)
	}
	name := definition.TypeName
	_, isKnown := t.byName[name]
	if !IsFunctionType(name) || isKnown {
		return violated("TABLE-7", "type definition of %q, expected a namespace/type without an index", name)
	}
	namespace, _, _ := strings.Cut(name, "/")
	wildcard := t.byName[namespace+"/*"]
	if definition.Entry != wildcard {
		return violated("TABLE-8", "type definition of %q names entry %d, expected %d", name, definition.Entry, wildcard)
	}
	t.types = append(t.types, indexedType{name: name, function: int(wildcard) - 1})
	t.byName[name] = next
	return nil
}

// indexOf is the index of a function type; 0 when the stream has none.
func (t *typeIndex) indexOf(name string) uint32 {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.byName[name]
}

// lookup is the name of an index and the table position that serves it; -1 when none does.
func (t *typeIndex) lookup(index uint32) (name string, function int) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if int64(index) >= int64(len(t.types)) {
		return "", -1
	}
	found := t.types[index]
	return found.name, found.function
}

// callerOf is the name of an index that stands for one function type: not for none, nor for a wildcard.
func (t *typeIndex) callerOf(index uint32) (name string, ok bool) {
	name, _ = t.lookup(index)
	return name, name != "" && !isWildcard(name)
}

func isWildcard(name string) bool { return strings.HasSuffix(name, "/*") }

// IsFunctionType reports whether a name is "namespace/type", as TABLE-2 has it, and no wildcard.
func IsFunctionType(name string) bool {
	namespace, rest, found := strings.Cut(name, "/")
	return found && isNamePart(namespace) && isNamePart(rest) && rest != "*"
}

// IsNamespace reports whether a name is "namespace/*".
func IsNamespace(name string) bool {
	namespace, rest, found := strings.Cut(name, "/")
	return found && isNamePart(namespace) && namespace != "*" && rest == "*"
}

func isNamePart(part string) bool {
	return part != "" && len(part) <= namePartBytesMax && !strings.Contains(part, "/")
}
