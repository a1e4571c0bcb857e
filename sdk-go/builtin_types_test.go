package statewire_test

import (
	"encoding/hex"
	"math"
	"strings"
	"testing"

	statewire "github.com/statewire/statewire/sdk-go"
)

// checkBytes holds a value and its bytes against each other, as StateFun's own SDKs write them.
func checkBytes[T comparable](t *testing.T, kind statewire.Type[T], value T, encoded string) {
	t.Helper()
	bytes, err := kind.Encode(value)
	if err != nil || hex.EncodeToString(bytes) != encoded || bytes == nil {
		t.Errorf("%s %v is %x, %v, expected %s", kind.Typename(), value, bytes, err, encoded)
	}
	raw, _ := hex.DecodeString(encoded)
	decoded, err := kind.Decode(raw)
	isSame := decoded == value || value != value && decoded != decoded
	if err != nil || !isSame {
		t.Errorf("%s %s reads as %v, %v, expected %v", kind.Typename(), encoded, decoded, err, value)
	}
}

func TestBuiltInTypesAreThoseOfStateFun(t *testing.T) {
	checkBytes(t, statewire.Bool, false, "")
	checkBytes(t, statewire.Bool, true, "0801")
	checkBytes(t, statewire.Int, 0, "")
	checkBytes(t, statewire.Int, 1, "0d01000000")
	checkBytes(t, statewire.Int, -1, "0dffffffff")
	checkBytes(t, statewire.Int, math.MinInt32, "0d00000080")
	checkBytes(t, statewire.Long, 0, "")
	checkBytes(t, statewire.Long, 1, "090100000000000000")
	checkBytes(t, statewire.Long, -1, "09ffffffffffffffff")
	checkBytes(t, statewire.Long, math.MaxInt64, "09ffffffffffffff7f")
	checkBytes(t, statewire.Float, 0, "")
	checkBytes(t, statewire.Float, 1.5, "0d0000c03f")
	checkBytes(t, statewire.Float, float32(math.Copysign(0, -1)), "0d00000080")
	checkBytes(t, statewire.Double, 0, "")
	checkBytes(t, statewire.Double, math.Copysign(0, -1), "090000000000000080")
	checkBytes(t, statewire.Double, 1.5, "09000000000000f83f")
	checkBytes(t, statewire.Double, math.Float64frombits(0x7ff8000000000000), "09000000000000f87f")
	checkBytes(t, statewire.String, "", "")
	checkBytes(t, statewire.String, "hi", "0a026869")
	checkBytes(t, statewire.String, "é日", "0a05c3a9e697a5")
	checkBytes(t, statewire.String, strings.Repeat("x", 128), "0a8001"+strings.Repeat("78", 128))
}

func TestBuiltInTypesReadWhatOtherWritersMayWrite(t *testing.T) {
	for _, test := range []struct {
		what, encoded string
		expected      int32
	}{
		{"a default that is written out", "0d00000000", 0},
		{"an unknown field before", "1005" + "0d07000000", 7},
		{"an unknown field behind", "0d07000000" + "1a026869", 7},
		{"the last of several", "0d01000000" + "0d02000000", 2},
		{"field 1 of another kind", "0807", 0},
	} {
		raw, _ := hex.DecodeString(test.encoded)
		if decoded, err := statewire.Int.Decode(raw); err != nil || decoded != test.expected {
			t.Errorf("%s: %d, %v, expected %d", test.what, decoded, err, test.expected)
		}
	}
	long, _ := hex.DecodeString("08ffffffffffffffffff01")
	if truth, err := statewire.Bool.Decode(long); err != nil || !truth {
		t.Errorf("a long varint is %v, %v, expected true", truth, err)
	}
}

func TestBuiltInTypesRefuseWhatIsNoProtobuf(t *testing.T) {
	for _, encoded := range []string{"0d0100", "0a05aa", "ff", "0c", "08ffffffffffffffffffff01"} {
		raw, _ := hex.DecodeString(encoded)
		if value, err := statewire.Int.Decode(raw); err == nil {
			t.Errorf("%s reads as %d, expected an error", encoded, value)
		}
	}
	if _, err := statewire.String.Decode([]byte{0x0a, 1, 0xff}); err == nil {
		t.Error("text that is not UTF-8 was read")
	}
	if _, err := statewire.String.Encode("\xff"); err == nil {
		t.Error("text that is not UTF-8 was written")
	}
}

func FuzzBuiltInTypes(f *testing.F) {
	f.Add([]byte{0x0d, 1, 0, 0, 0})
	f.Add([]byte{0x0a, 2, 'h', 'i', 0x10})
	f.Fuzz(func(t *testing.T, raw []byte) {
		// Whatever the bytes are: a value or an error, never a panic.
		_, _ = statewire.Bool.Decode(raw)
		_, _ = statewire.Long.Decode(raw)
		if text, err := statewire.String.Decode(raw); err == nil {
			again, err := statewire.String.Encode(text)
			if decoded, readErr := statewire.String.Decode(again); err != nil || readErr != nil || decoded != text {
				t.Errorf("%q became %q, %v, %v", text, decoded, err, readErr)
			}
		}
	})
}
