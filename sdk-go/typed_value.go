package statewire

// TypedValue is a value as it travels: the name of its type, and bytes. The runtime never looks inside.
// [Type.Of] makes one, [Type.From] reads one; a handler of [OnAny] gets what came, and may pass it on.
type TypedValue struct {
	// Typename is "namespace/name" of at most 1,024 bytes, and not empty.
	Typename string
	// Bytes is nil when there is no value. A value of zero bytes is not nil, and is a different thing.
	Bytes []byte

	// err is why Type.Of could not encode. It fails the message when the value is used.
	err error
}

// Err is why [Type.Of] could not encode; nil when it did.
func (v TypedValue) Err() error { return v.err }
