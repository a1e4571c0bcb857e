package statewire

import (
	"encoding/json"
	"errors"
	"unicode/utf8"
)

// JSON is T as encoding/json writes it, under a typename of yours. When T or *T has a method
// Validate() error, it is called after decoding and before encoding.
//
// A nil slice or map is written as null, which other languages may not take for an empty one.
func JSON[T any](typename string) Type[T] {
	return NewType(typename, encodeJSON[T], decodeJSON[T])
}

type validator interface{ Validate() error }

func encodeJSON[T any](value T) ([]byte, error) {
	if err := validate(&value); err != nil {
		return nil, err
	}
	return json.Marshal(value)
}

func decodeJSON[T any](bytes []byte) (T, error) {
	var value T
	if !utf8.Valid(bytes) {
		return value, errors.New("JSON that is not UTF-8")
	}
	if err := json.Unmarshal(bytes, &value); err != nil {
		return value, err
	}
	return value, validate(&value)
}

func validate[T any](value *T) error {
	if checked, ok := any(value).(validator); ok {
		return checked.Validate()
	}
	if checked, ok := any(*value).(validator); ok {
		return checked.Validate()
	}
	return nil
}
