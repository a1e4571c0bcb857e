package statewire

import (
	"fmt"
	"strings"

	"github.com/statewire/statewire/sdk-go/internal/session"
)

// TypeName names a function type, "namespace/type", or all types of a namespace, "namespace/*". Each
// part has 1 to 255 bytes of UTF-8 and holds no "/".
//
//	const Cart statewire.TypeName = "shop/cart"
//
//	ctx.Send(Cart.At("alice"), AddItem.Of(item))
type TypeName string

// At is the address of an instance. An id is any UTF-8 of at most Limits.id_bytes_max bytes of the
// runtime, 512 unless it is set otherwise; the empty one is an instance like any other. An address of a
// type that is none cannot be sent to: the message of the handler that tries fails.
func (t TypeName) At(id string) Address { return Address{Type: t, ID: id} }

// Namespace is the part before the "/".
func (t TypeName) Namespace() string {
	namespace, _, _ := strings.Cut(string(t), "/")
	return namespace
}

// Name is the part after the "/".
func (t TypeName) Name() string {
	_, name, _ := strings.Cut(string(t), "/")
	return name
}

// Address names one instance of a function. Instances are not created: an address exists by being
// named. Each has its own state and handles one message at a time.
type Address struct {
	Type TypeName
	ID   string
}

// ParseAddress reads "namespace/type/id". The id may hold any character, "/" included, and be empty.
func ParseAddress(text string) (Address, error) {
	parts := strings.SplitN(text, "/", 3)
	if len(parts) != 3 || !session.IsFunctionType(parts[0]+"/"+parts[1]) {
		return Address{}, newError(CodeInvalid, nil, "%q is no address, expected namespace/type/id", text)
	}
	return Address{Type: TypeName(parts[0] + "/" + parts[1]), ID: parts[2]}, nil
}

// String is "namespace/type/id".
func (a Address) String() string { return fmt.Sprintf("%s/%s", a.Type, a.ID) }
