package transport

import (
	"unicode/utf8"
	"unsafe"

	"google.golang.org/protobuf/proto"

	pb "github.com/statewire/statewire/sdk-go/statewirev1"
)

/*
Invocations are most of what a stream carries, so they are decoded by hand: their structs come from a few
slices per frame, and their strings and values are parts of one copy of the frame. Whatever is not quite
as expected (another kind of frame, a field that is not known, bytes that are broken) is left to the
generated code, which decides. The numbers are those of the fields in stream.proto.
*/

// decodeFrame reads a frame. The bytes are the caller's again afterwards.
func decodeFrame(encoded []byte, frame *pb.RuntimeFrame) error {
	if batch := decodeInvocations(encoded); batch != nil {
		frame.Frame = &pb.RuntimeFrame_Invocations{Invocations: batch}
		return nil
	}
	return proto.Unmarshal(encoded, frame)
}

const (
	varintField = 0
	bytesField  = 2
)

// cursor reads the fields of one message, from at to end. Once it has failed it reads nothing more.
type cursor struct {
	frame   []byte
	at, end int
	failed  bool
}

// decodeInvocations is nil when the frame is left to the generated code.
func decodeInvocations(encoded []byte) *pb.InvocationBatch {
	const invocationsTag = 2<<3 | bytesField
	if len(encoded) == 0 || encoded[0] != invocationsTag {
		return nil
	}
	frame := append([]byte(nil), encoded...)
	outer := cursor{frame: frame, at: 1, end: len(frame)}
	inner := outer.message()
	if outer.failed || outer.at != outer.end {
		return nil
	}
	decoder := invocationDecoder{batch: new(pb.InvocationBatch)}
	decoder.reserve(inner)
	if !decoder.decode(inner) {
		return nil
	}
	return decoder.batch
}

// invocationDecoder fills a batch from slices that many structs share.
type invocationDecoder struct {
	batch       *pb.InvocationBatch
	invocations []pb.Invocation
	inputs      []pb.Input
	inputList   []*pb.Input
	states      []pb.StateValue
	stateList   []*pb.StateValue
}

// reserve makes room for the invocations, with an input and a state for each.
func (d *invocationDecoder) reserve(c cursor) {
	count := 0
	for c.more() {
		field, kind := c.tag()
		if field == 2 {
			count++
		}
		c.skip(kind)
	}
	d.batch.Invocations = make([]*pb.Invocation, 0, count)
	d.invocations = make([]pb.Invocation, count)
}

func (d *invocationDecoder) decode(c cursor) bool {
	for c.more() {
		switch field, kind := c.tag(); {
		case field == 1 && kind == bytesField:
			definition := new(pb.TypeDefinition)
			if proto.Unmarshal(c.bytes(), definition) != nil {
				return false
			}
			d.batch.Types = append(d.batch.Types, definition)
		case field == 2 && kind == bytesField && len(d.invocations) > 0:
			invocation := &d.invocations[0]
			d.invocations = d.invocations[1:]
			if !d.invocation(c.message(), invocation) {
				return false
			}
			d.batch.Invocations = append(d.batch.Invocations, invocation)
		case field == 3 && kind == varintField:
			d.batch.ResultCreditBytes = c.varint()
		default:
			return false
		}
	}
	return !c.failed
}

func (d *invocationDecoder) invocation(c cursor, invocation *pb.Invocation) bool {
	firstInput, firstState := len(d.inputList), len(d.stateList)
	for c.more() {
		switch field, kind := c.tag(); {
		case field == 1 && kind == varintField:
			invocation.InvocationId = c.varint()
		case field == 2 && kind == varintField:
			invocation.Type = uint32(c.varint())
		case field == 3 && kind == bytesField:
			invocation.Id = c.text()
		case field == 4 && kind == bytesField:
			if !d.input(c.message()) {
				return false
			}
		case field == 5 && kind == bytesField:
			if !d.state(c.message()) {
				return false
			}
		case field == 6 && kind == varintField:
			invocation.Lease = c.varint()
		case field == 7 && kind == varintField:
			invocation.TimeoutMs = c.varint()
		case field == 8 && kind == varintField:
			invocation.Attempt = uint32(c.varint())
		default:
			return false
		}
	}
	inputs, states := len(d.inputList), len(d.stateList)
	invocation.Inputs = d.inputList[firstInput:inputs:inputs]
	invocation.States = d.stateList[firstState:states:states]
	return !c.failed
}

func (d *invocationDecoder) input(c cursor) bool {
	input := next(&d.inputs, cap(d.batch.Invocations))
	for c.more() {
		switch field, kind := c.tag(); {
		case field == 1 && kind == varintField:
			input.CallerType = uint32(c.varint())
		case field == 2 && kind == bytesField:
			input.CallerId = c.text()
		case field == 3 && kind == bytesField:
			input.Typename = c.text()
		case field == 4 && kind == bytesField:
			input.Value = c.bytes()
		case field == 5 && kind == varintField:
			input.WantsReply = c.varint() != 0
		case field == 6 && kind == bytesField:
			input.Traceparent = c.text()
		default:
			return false
		}
	}
	d.inputList = append(d.inputList, input)
	return !c.failed
}

func (d *invocationDecoder) state(c cursor) bool {
	state := next(&d.states, cap(d.batch.Invocations))
	for c.more() {
		switch field, kind := c.tag(); {
		case field == 1 && kind == varintField:
			state.State = uint32(c.varint())
		case field == 2 && kind == bytesField:
			state.Value = c.bytes()
		default:
			return false
		}
	}
	d.stateList = append(d.stateList, state)
	return !c.failed
}

// next takes a struct from a slice, which is made anew when it is used up.
func next[T any](from *[]T, count int) *T {
	if len(*from) == 0 {
		*from = make([]T, max(1, count))
	}
	taken := &(*from)[0]
	*from = (*from)[1:]
	return taken
}

func (c *cursor) more() bool { return !c.failed && c.at < c.end }

// fail ends the reading. It returns 0 for whoever wanted a number.
func (c *cursor) fail() uint64 {
	c.failed = true
	return 0
}

func (c *cursor) tag() (field, kind uint64) {
	tag := c.varint()
	return tag >> 3, tag & 7
}

func (c *cursor) varint() uint64 {
	var value uint64
	for shift := 0; shift < 64; shift += 7 {
		if c.at >= c.end {
			return c.fail()
		}
		part := c.frame[c.at]
		c.at++
		value |= uint64(part&0x7f) << shift
		if part < 0x80 {
			if shift == 63 && part > 1 {
				return c.fail()
			}
			return value
		}
	}
	return c.fail()
}

// bytes are a part of the frame, and nobody else's.
func (c *cursor) bytes() []byte {
	length := c.varint()
	if c.failed || length > uint64(c.end-c.at) {
		c.fail()
		return nil
	}
	start, end := c.at, c.at+int(length)
	c.at = end
	return c.frame[start:end:end]
}

// text shares the frame's memory. Nobody changes that: values are other parts of it.
func (c *cursor) text() string {
	bytes := c.bytes()
	if len(bytes) == 0 {
		return ""
	}
	if !utf8.Valid(bytes) {
		c.fail()
		return ""
	}
	return unsafe.String(&bytes[0], len(bytes))
}

func (c *cursor) message() cursor {
	bytes := c.bytes()
	return cursor{frame: c.frame, at: c.at - len(bytes), end: c.at, failed: c.failed}
}

func (c *cursor) skip(kind uint64) {
	switch kind {
	case varintField:
		c.varint()
	case bytesField:
		c.bytes()
	default:
		c.fail()
	}
}
