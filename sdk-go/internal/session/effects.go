package session

import (
	"fmt"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"

	pb "github.com/statewire/statewire/sdk-go/statewirev1"
)

const (
	typenameBytesMax = 1024
	tokenBytesMax    = 255
	// resultOverheadBytes is what a result takes in its frame apart from effects and states: the tags
	// and lengths around it, and its invocation id.
	resultOverheadBytes = 64
	// stateOverheadBytes is what a changed state takes apart from its value.
	stateOverheadBytes = 24
	// messageBytesMax is the longest text of a failure. [FAIL-5]
	messageBytesMax = 4096
)

// LimitError says that an effect or a state passes a limit. The effect is not recorded.
type LimitError struct{ Message string }

func (e *LimitError) Error() string { return e.Message }

func beyondLimit(limit string, limitValue int64, format string, args ...any) error {
	what := fmt.Sprintf(format, args...)
	return &LimitError{fmt.Sprintf("%s exceeds %s %d of the runtime", what, limit, limitValue)}
}

// InvalidError says that an effect is not one that the protocol has. It is not recorded.
type InvalidError struct{ Message string }

func (e *InvalidError) Error() string { return e.Message }

func invalid(format string, args ...any) error {
	return &InvalidError{fmt.Sprintf(format, args...)}
}

// Message is what a send carries to its target.
type Message struct {
	// TypeName and ID are the target's address.
	TypeName, ID string
	Typename     string
	// Value is nil when the message has none.
	Value       []byte
	Traceparent string
}

// effects are what the inputs of one batch sent, scheduled, published and replied: the fields of a
// Result, encoded in the order in which they were made. Protobuf lets the fields of a message stand in
// any order, so what an input did is undone by cutting the bytes off.
type effects struct {
	limits  *pb.Limits
	encoded []byte
	// count is of sends, timer changes and egress records. [LIMIT-4]
	count int
	// payload is of the values that result credit counts, those of states apart.
	payload int64
	// stateBytes is the room that the changed states take, which share the frame.
	stateBytes int
	// replied says that the running input has a reply.
	replied bool
	saved   savepoint
}

// savepoint is where the effects stood before an input.
type savepoint struct {
	encoded, count, stateBytes int
	payload                    int64
}

// save keeps everything that was recorded so far, and begins with the next input.
func (e *effects) save() {
	e.saved = savepoint{encoded: len(e.encoded), count: e.count, stateBytes: e.stateBytes, payload: e.payload}
	e.replied = false
}

// rollBack forgets everything that was recorded since the last save.
func (e *effects) rollBack() {
	e.encoded = e.encoded[:e.saved.encoded]
	e.count = e.saved.count
	e.stateBytes = e.saved.stateBytes
	e.payload = e.saved.payload
}

func (e *effects) send(m Message, typeIndex uint32) error {
	size := sendSize(m, typeIndex)
	if err := e.admitSend(m, size); err != nil {
		return err
	}
	e.encoded = protowire.AppendTag(e.encoded, 3, protowire.BytesType)
	e.encoded = appendSend(e.encoded, m, typeIndex, size)
	return nil
}

func (e *effects) schedule(m Message, typeIndex uint32, delayMs uint64, token string) error {
	size := sendSize(m, typeIndex)
	delayed := protowire.SizeTag(1) + protowire.SizeBytes(size) + sizeVarint(2, delayMs) + sizeString(3, token)
	if err := e.admitSend(m, delayed); err != nil {
		return err
	}
	e.encoded = protowire.AppendTag(e.encoded, 4, protowire.BytesType)
	e.encoded = protowire.AppendVarint(e.encoded, uint64(protowire.SizeTag(1)+protowire.SizeBytes(delayed)))
	e.encoded = protowire.AppendTag(e.encoded, 1, protowire.BytesType)
	e.encoded = protowire.AppendVarint(e.encoded, uint64(delayed))
	e.encoded = protowire.AppendTag(e.encoded, 1, protowire.BytesType)
	e.encoded = appendSend(e.encoded, m, typeIndex, size)
	e.encoded = appendVarint(e.encoded, 2, delayMs)
	e.encoded = appendString(e.encoded, 3, token)
	return nil
}

func (e *effects) cancel(token string) error {
	size := protowire.SizeTag(2) + protowire.SizeBytes(len(token))
	if err := e.admitEffect(); err != nil {
		return err
	}
	if err := e.admitBytes(size, nil, "a cancellation"); err != nil {
		return err
	}
	e.count++
	e.encoded = protowire.AppendTag(e.encoded, 4, protowire.BytesType)
	e.encoded = protowire.AppendVarint(e.encoded, uint64(size))
	e.encoded = protowire.AppendTag(e.encoded, 2, protowire.BytesType)
	e.encoded = protowire.AppendString(e.encoded, token)
	return nil
}

func (e *effects) egress(egress, typename string, value []byte) error {
	if err := e.admitEffect(); err != nil {
		return err
	}
	if !IsFunctionType(egress) || !utf8.ValidString(egress) {
		return invalid("%q is no egress, expected a namespace/name", egress)
	}
	if err := validateTypename(typename); err != nil {
		return err
	}
	size := sizeString(1, egress) + sizeString(2, typename) + sizeValue(3, value)
	if err := e.admitBytes(size, value, "a record for "+egress); err != nil {
		return err
	}
	e.count++
	e.payload += int64(len(value))
	e.encoded = protowire.AppendTag(e.encoded, 5, protowire.BytesType)
	e.encoded = protowire.AppendVarint(e.encoded, uint64(size))
	e.encoded = appendString(e.encoded, 1, egress)
	e.encoded = appendString(e.encoded, 2, typename)
	e.encoded = appendValue(e.encoded, 3, value)
	return nil
}

func (e *effects) reply(input int, typename string, value []byte) error {
	if e.replied {
		return invalid("the message has been replied to already")
	}
	if err := validateTypename(typename); err != nil {
		return err
	}
	size := sizeVarint(1, uint64(input)) + sizeString(2, typename) + sizeValue(3, value)
	if err := e.admitBytes(size, value, "a reply"); err != nil {
		return err
	}
	e.replied = true
	e.payload += int64(len(value))
	e.encoded = protowire.AppendTag(e.encoded, 6, protowire.BytesType)
	e.encoded = protowire.AppendVarint(e.encoded, uint64(size))
	e.encoded = appendVarint(e.encoded, 1, uint64(input))
	e.encoded = appendString(e.encoded, 2, typename)
	e.encoded = appendValue(e.encoded, 3, value)
	return nil
}

// admitStates makes room for the changed states, which the batch keeps.
func (e *effects) admitStates(value []byte, changedCount int, changedBytes int) error {
	stateBytes := changedBytes + changedCount*stateOverheadBytes
	if err := e.validateSize(value, len(e.encoded)+stateBytes, "states"); err != nil {
		return err
	}
	e.stateBytes = stateBytes
	return nil
}

func (e *effects) admitSend(m Message, size int) error {
	if err := e.admitEffect(); err != nil {
		return err
	}
	if len(m.ID) > int(e.limits.IdBytesMax) {
		return beyondLimit("idBytesMax", int64(e.limits.IdBytesMax),
			"id of %d bytes, of an address of %s,", len(m.ID), m.TypeName)
	}
	if !utf8.ValidString(m.ID) {
		return invalid("the id of an address of %s is not UTF-8", m.TypeName)
	}
	if err := validateTypename(m.Typename); err != nil {
		return err
	}
	if err := e.admitBytes(size, m.Value, "a send to "+m.TypeName); err != nil {
		return err
	}
	e.count++
	e.payload += int64(len(m.Value))
	return nil
}

func (e *effects) admitEffect() error {
	if e.count >= int(e.limits.EffectsMax) {
		return beyondLimit("effectsMax", int64(e.limits.EffectsMax), "result of %d effects", e.count+1)
	}
	return nil
}

func (e *effects) admitBytes(size int, value []byte, what string) error {
	return e.validateSize(value, len(e.encoded)+size+12+e.stateBytes, what)
}

func (e *effects) validateSize(value []byte, resultBytes int, what string) error {
	if len(value) > int(e.limits.ValueBytesMax) {
		return beyondLimit("valueBytesMax", int64(e.limits.ValueBytesMax), "value of %d bytes, in %s,", len(value), what)
	}
	if resultBytes+resultOverheadBytes > int(e.limits.FrameBytesMax) {
		return beyondLimit("frameBytesMax", int64(e.limits.FrameBytesMax), "result of %d bytes, with %s,", resultBytes, what)
	}
	return nil
}

func validateTypename(typename string) error {
	if typename == "" || !utf8.ValidString(typename) {
		return invalid("typename %q, expected UTF-8 that is not empty", typename)
	}
	if len(typename) > typenameBytesMax {
		return &LimitError{fmt.Sprintf("typename of %d bytes exceeds the protocol's limit %d", len(typename), typenameBytesMax)}
	}
	return nil
}

// ValidateToken says what is wrong with a cancellation token. [TIMER-6] [TIMER-7]
func ValidateToken(token string) error {
	if token == "" || len(token) > tokenBytesMax || !utf8.ValidString(token) {
		return invalid("cancellation token of %d bytes, expected UTF-8 of 1 to %d bytes", len(token), tokenBytesMax)
	}
	return nil
}
