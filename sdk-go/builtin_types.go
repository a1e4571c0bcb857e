package statewire

import (
	"encoding/binary"
	"errors"
	"math"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// StateFun's six types. Each is a protobuf message with its value in field 1, so the default value
// encodes to zero bytes, and reading zero bytes gives the default value:
//
//	bool     08 01                       string   0A <length varint> <UTF-8>
//	int      0D <4 bytes, sfixed32>      float    0D <4 bytes>
//	long     09 <8 bytes, sfixed64>      double   09 <8 bytes>
//
// A decoder first looks for exactly that, then falls back to reading any protobuf message.
var (
	// Bool is io.statefun.types/bool.
	Bool = NewType("io.statefun.types/bool", encodeBool, decodeBool)
	// Int is io.statefun.types/int.
	Int = NewType("io.statefun.types/int", encodeInt, decodeInt)
	// Long is io.statefun.types/long.
	Long = NewType("io.statefun.types/long", encodeLong, decodeLong)
	// Float is io.statefun.types/float.
	Float = NewType("io.statefun.types/float", encodeFloat, decodeFloat)
	// Double is io.statefun.types/double.
	Double = NewType("io.statefun.types/double", encodeDouble, decodeDouble)
	// String is io.statefun.types/string. It takes valid UTF-8 only.
	String = NewType("io.statefun.types/string", encodeString, decodeString)
)

const (
	boolTag    = 1<<3 | byte(protowire.VarintType)
	fixed32Tag = 1<<3 | byte(protowire.Fixed32Type)
	fixed64Tag = 1<<3 | byte(protowire.Fixed64Type)
	stringTag  = 1<<3 | byte(protowire.BytesType)
)

var errNotUTF8 = errors.New("text that is not UTF-8")

func encodeBool(value bool) ([]byte, error) {
	if !value {
		return []byte{}, nil
	}
	return []byte{boolTag, 1}, nil
}

func decodeBool(bytes []byte) (bool, error) {
	if len(bytes) == 2 && bytes[0] == boolTag && bytes[1] < 0x80 {
		return bytes[1] != 0, nil
	}
	number, _, err := wrapped(bytes, protowire.VarintType)
	return number != 0, err
}

func encodeInt(value int32) ([]byte, error) { return encodeFixed32(uint32(value)), nil }

func decodeInt(bytes []byte) (int32, error) {
	bits, err := decodeFixed32(bytes)
	return int32(bits), err
}

func encodeLong(value int64) ([]byte, error) { return encodeFixed64(uint64(value)), nil }

func decodeLong(bytes []byte) (int64, error) {
	bits, err := decodeFixed64(bytes)
	return int64(bits), err
}

func encodeFloat(value float32) ([]byte, error) { return encodeFixed32(math.Float32bits(value)), nil }

func decodeFloat(bytes []byte) (float32, error) {
	bits, err := decodeFixed32(bytes)
	return math.Float32frombits(bits), err
}

func encodeDouble(value float64) ([]byte, error) { return encodeFixed64(math.Float64bits(value)), nil }

func decodeDouble(bytes []byte) (float64, error) {
	bits, err := decodeFixed64(bytes)
	return math.Float64frombits(bits), err
}

func encodeString(value string) ([]byte, error) {
	if !utf8.ValidString(value) {
		return nil, errNotUTF8
	}
	if value == "" {
		return []byte{}, nil
	}
	bytes := make([]byte, 0, 1+protowire.SizeBytes(len(value)))
	return protowire.AppendString(append(bytes, stringTag), value), nil
}

func decodeString(bytes []byte) (string, error) {
	_, text, err := wrapped(bytes, protowire.BytesType)
	if err == nil && !utf8.Valid(text) {
		err = errNotUTF8
	}
	return string(text), err
}

// The default of a fixed field is all bits 0, which -0.0 is not.
func encodeFixed32(bits uint32) []byte {
	if bits == 0 {
		return []byte{}
	}
	return binary.LittleEndian.AppendUint32(append(make([]byte, 0, 5), fixed32Tag), bits)
}

func decodeFixed32(bytes []byte) (uint32, error) {
	if len(bytes) == 5 && bytes[0] == fixed32Tag {
		return binary.LittleEndian.Uint32(bytes[1:]), nil
	}
	number, _, err := wrapped(bytes, protowire.Fixed32Type)
	return uint32(number), err
}

func encodeFixed64(bits uint64) []byte {
	if bits == 0 {
		return []byte{}
	}
	return binary.LittleEndian.AppendUint64(append(make([]byte, 0, 9), fixed64Tag), bits)
}

func decodeFixed64(bytes []byte) (uint64, error) {
	if len(bytes) == 9 && bytes[0] == fixed64Tag {
		return binary.LittleEndian.Uint64(bytes[1:]), nil
	}
	number, _, err := wrapped(bytes, protowire.Fixed64Type)
	return number, err
}

// wrapped reads field 1 of a protobuf message: the last one counts, unknown fields do not, and without
// one the default does.
func wrapped(bytes []byte, wanted protowire.Type) (number uint64, text []byte, err error) {
	for len(bytes) > 0 {
		field, kind, n := protowire.ConsumeTag(bytes)
		if n < 0 {
			return 0, nil, protowire.ParseError(n)
		}
		bytes = bytes[n:]
		n = protowire.ConsumeFieldValue(field, kind, bytes)
		if n < 0 {
			return 0, nil, protowire.ParseError(n)
		}
		if field == 1 && kind == wanted {
			number, text = consume(bytes, kind)
		}
		bytes = bytes[n:]
	}
	return number, text, nil
}

// consume reads a value that is known to be whole.
func consume(bytes []byte, kind protowire.Type) (number uint64, text []byte) {
	switch kind {
	case protowire.VarintType:
		number, _ = protowire.ConsumeVarint(bytes)
	case protowire.Fixed32Type:
		bits, _ := protowire.ConsumeFixed32(bytes)
		number = uint64(bits)
	case protowire.Fixed64Type:
		number, _ = protowire.ConsumeFixed64(bytes)
	case protowire.BytesType:
		text, _ = protowire.ConsumeBytes(bytes)
	}
	return number, text
}
