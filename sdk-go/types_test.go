package statewire_test

import (
	"errors"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	statewire "github.com/statewire/statewire/sdk-go"
)

type payment struct {
	Amount int `json:"amount"`
}

func (p payment) Validate() error {
	if p.Amount <= 0 {
		return errors.New("amount is not positive")
	}
	return nil
}

func TestJSONIsValidatedBothWays(t *testing.T) {
	kind := statewire.JSON[payment]("shop/payment")
	if value, err := kind.Decode([]byte(`{"amount": 3}`)); err != nil || value.Amount != 3 {
		t.Errorf("read %v, %v", value, err)
	}
	if _, err := kind.Encode(payment{}); err == nil || !strings.Contains(err.Error(), "not positive") {
		t.Errorf("writing gave %v", err)
	}
	for _, text := range []string{`{"amount": 0}`, `{"amount": "1"}`, `{"amount": 1} 2`, "\"\xff\"", ``} {
		if value, err := kind.Decode([]byte(text)); err == nil {
			t.Errorf("%q reads as %v", text, value)
		}
	}
}

func TestProtobufIsNamedAsItsMessage(t *testing.T) {
	kind := statewire.Protobuf[*durationpb.Duration]()
	if kind.Typename() != "type.googleapis.com/google.protobuf.Duration" {
		t.Errorf("typename %s", kind.Typename())
	}
	encoded, err := kind.Encode(&durationpb.Duration{Seconds: 5})
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := kind.Decode(encoded)
	if err != nil || !proto.Equal(decoded, &durationpb.Duration{Seconds: 5}) {
		t.Errorf("read %v, %v", decoded, err)
	}
	if _, err := kind.Decode([]byte{0xff}); err == nil {
		t.Error("bytes that are no message were read")
	}
}

func TestBytesAreCopied(t *testing.T) {
	kind := statewire.Bytes("shop/blob")
	mine := []byte("abc")
	value := kind.Of(mine)
	mine[0] = 'x'
	if string(value.Bytes) != "abc" {
		t.Errorf("value is %q", value.Bytes)
	}
	if empty := kind.Of(nil); empty.Bytes == nil {
		t.Error("a value of zero bytes has become none")
	}
}

func TestFromSaysWhatIsWrong(t *testing.T) {
	for _, test := range []struct {
		value    statewire.TypedValue
		expected string
	}{
		{statewire.String.Of("x"), "expected a io.statefun.types/int"},
		{statewire.TypedValue{Typename: "io.statefun.types/int"}, "without a value"},
		{statewire.TypedValue{Typename: "io.statefun.types/int", Bytes: []byte{0xff}}, "bytes that are no"},
	} {
		_, err := statewire.Int.From(test.value)
		var failed *statewire.Error
		if !errors.As(err, &failed) || failed.Code != statewire.CodeBadInput || !strings.Contains(err.Error(), test.expected) {
			t.Errorf("%v, expected %q", err, test.expected)
		}
	}
}

func TestParseAddressTakesAnyID(t *testing.T) {
	for _, text := range []string{"shop/cart/alice", "shop/cart/", "shop/cart/a/b c"} {
		address, err := statewire.ParseAddress(text)
		if err != nil || address.String() != text {
			t.Errorf("%q became %q, %v", text, address, err)
		}
	}
	for _, text := range []string{"", "shop", "shop/cart", "/cart/x", "shop/*/x", strings.Repeat("n", 256) + "/t/x"} {
		if address, err := statewire.ParseAddress(text); err == nil {
			t.Errorf("%q became %v", text, address)
		}
	}
}
