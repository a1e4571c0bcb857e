package statewire

import (
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
)

// Type is how Go values of type T travel and are kept: a name, and two functions between values and
// bytes. [Bool], [Int], [Long], [Float], [Double] and [String] are StateFun's; [JSON], [Protobuf],
// [Bytes] and [NewType] make more. The zero Type cannot be used.
type Type[T any] struct {
	name   string
	encode func(T) ([]byte, error)
	decode func([]byte) (T, error)
}

// NewType is a type of your own. typename is "namespace/name". encode must not keep the value, and its
// bytes are not changed afterwards; decode must not change the bytes, nor keep them.
func NewType[T any](typename string, encode func(T) ([]byte, error), decode func([]byte) (T, error)) Type[T] {
	return Type[T]{name: typename, encode: encode, decode: decode}
}

// Typename is the name that values of the type travel under.
func (t Type[T]) Typename() string { return t.name }

// Of is a value with its type. A value that cannot be encoded becomes one whose Err is set; to send,
// reply or publish it fails the message.
func (t Type[T]) Of(value T) TypedValue {
	bytes, err := t.Encode(value)
	return TypedValue{Typename: t.name, Bytes: bytes, err: err}
}

// From reads a value of this type. It fails with CodeBadInput when the value is of another type, has no
// bytes, or does not decode.
func (t Type[T]) From(value TypedValue) (T, error) {
	var none T
	switch {
	case value.err != nil:
		return none, value.err
	case value.Typename != t.name:
		return none, newError(CodeBadInput, nil, "expected a %s, received a %s", t.name, value.Typename)
	case value.Bytes == nil:
		return none, newError(CodeBadInput, nil, "a %s without a value", t.name)
	}
	decoded, err := t.decode(value.Bytes)
	if err != nil {
		return none, newError(CodeBadInput, err, "bytes that are no %s", t.name)
	}
	return decoded, nil
}

// Encode is the value's bytes. It fails with CodeInvalid.
func (t Type[T]) Encode(value T) ([]byte, error) {
	if t.encode == nil {
		return nil, newError(CodeInvalid, nil, "the zero Type has no encoding")
	}
	bytes, err := t.encode(value)
	if err != nil {
		return nil, newError(CodeInvalid, err, "a value that is no %s", t.name)
	}
	if bytes == nil {
		bytes = []byte{}
	}
	return bytes, nil
}

// Decode reads the bytes of a value.
func (t Type[T]) Decode(bytes []byte) (T, error) { return t.decode(bytes) }

// Bytes are bytes under a typename of yours, as they are. They are copied: a value is yours, before as
// after.
func Bytes(typename string) Type[[]byte] {
	clone := func(bytes []byte) ([]byte, error) { return append([]byte{}, bytes...), nil }
	return NewType(typename, clone, clone)
}

// Protobuf is a protobuf message, under the typename "type.googleapis.com/full.name.of.Message", which
// is StateFun's convention.
//
//	var Where = statewire.Protobuf[*placepb.Address]()
func Protobuf[T proto.Message]() Type[T] {
	var none T
	return ProtobufAs[T]("type.googleapis.com/" + string(none.ProtoReflect().Descriptor().FullName()))
}

// ProtobufAs is a protobuf message under a typename of yours.
func ProtobufAs[T proto.Message](typename string) Type[T] {
	var none T
	kind := none.ProtoReflect().Type()
	options := proto.MarshalOptions{Deterministic: true}
	return NewType(typename,
		func(message T) ([]byte, error) { return options.Marshal(message) },
		func(bytes []byte) (T, error) {
			message := kind.New().Interface().(T)
			return message, proto.Unmarshal(bytes, message)
		})
}

// validateTypename says what is wrong with a typename that is declared. [LIMIT-12]
func validateTypename(typename string) error {
	if typename == "" || len(typename) > 1024 || !utf8.ValidString(typename) {
		return newError(CodeInvalid, nil, "typename of %d bytes, expected UTF-8 of 1 to 1024 bytes", len(typename))
	}
	return nil
}
