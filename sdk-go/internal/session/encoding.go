package session

import (
	"google.golang.org/protobuf/encoding/protowire"

	pb "github.com/statewire/statewire/sdk-go/statewirev1"
)

/*
The results of a stream are encoded by hand, straight into the bytes that are sent. The numbers are
those of the fields in stream.proto; what is written here is read by the generated code in the tests.

	ServerFrame    results 2
	ResultBatch    results 1
	Result         invocation_id 1  state_changes 2  sends 3  timer_changes 4
	               egress_records 5  replies 6  failure 7
	StateValue     state 1  value 2
	Send           type 1  type_name 2  id 3  typename 4  value 5  traceparent 6
	TimerChange    schedule 1  cancel 2
	DelayedSend    send 1  delay_ms 2  cancellation_token 3
	EgressRecord   egress 1  typename 2  value 3
	Reply          input 1  typename 2  value 3
	Failure        code 1  message 2  retryable 3  retry_after_ms 4  completed_inputs 5
*/

func sizeVarint(field protowire.Number, value uint64) int {
	if value == 0 {
		return 0
	}
	return protowire.SizeTag(field) + protowire.SizeVarint(value)
}

func appendVarint(b []byte, field protowire.Number, value uint64) []byte {
	if value == 0 {
		return b
	}
	b = protowire.AppendTag(b, field, protowire.VarintType)
	return protowire.AppendVarint(b, value)
}

func sizeString(field protowire.Number, text string) int {
	if text == "" {
		return 0
	}
	return protowire.SizeTag(field) + protowire.SizeBytes(len(text))
}

func appendString(b []byte, field protowire.Number, text string) []byte {
	if text == "" {
		return b
	}
	b = protowire.AppendTag(b, field, protowire.BytesType)
	return protowire.AppendString(b, text)
}

// A value that is nil is absent; one of zero bytes is not.
func sizeValue(field protowire.Number, value []byte) int {
	if value == nil {
		return 0
	}
	return protowire.SizeTag(field) + protowire.SizeBytes(len(value))
}

func appendValue(b []byte, field protowire.Number, value []byte) []byte {
	if value == nil {
		return b
	}
	b = protowire.AppendTag(b, field, protowire.BytesType)
	return protowire.AppendBytes(b, value)
}

// sendSize is the size of a Send's fields. A target with a type index is not named.
func sendSize(m Message, typeIndex uint32) int {
	size := sizeVarint(1, uint64(typeIndex))
	if typeIndex == 0 {
		size = sizeString(2, m.TypeName)
	}
	return size + sizeString(3, m.ID) + sizeString(4, m.Typename) + sizeValue(5, m.Value) + sizeString(6, m.Traceparent)
}

// appendSend writes the length of a Send, and the Send.
func appendSend(b []byte, m Message, typeIndex uint32, size int) []byte {
	b = protowire.AppendVarint(b, uint64(size))
	if typeIndex == 0 {
		b = appendString(b, 2, m.TypeName)
	} else {
		b = appendVarint(b, 1, uint64(typeIndex))
	}
	b = appendString(b, 3, m.ID)
	b = appendString(b, 4, m.Typename)
	b = appendValue(b, 5, m.Value)
	return appendString(b, 6, m.Traceparent)
}

// appendStateChange writes a field state_changes.
func appendStateChange(b []byte, state int, value []byte) []byte {
	b = protowire.AppendTag(b, 2, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(sizeVarint(1, uint64(state))+sizeValue(2, value)))
	b = appendVarint(b, 1, uint64(state))
	return appendValue(b, 2, value)
}

// appendFailure writes a field failure.
func appendFailure(b []byte, failure *pb.Failure) []byte {
	retryable := uint64(0)
	if failure.Retryable {
		retryable = 1
	}
	size := sizeVarint(1, uint64(failure.Code)) + sizeString(2, failure.Message) + sizeVarint(3, retryable) +
		sizeVarint(4, failure.RetryAfterMs) + sizeVarint(5, uint64(failure.CompletedInputs))
	b = protowire.AppendTag(b, 7, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(size))
	b = appendVarint(b, 1, uint64(failure.Code))
	b = appendString(b, 2, failure.Message)
	b = appendVarint(b, 3, retryable)
	b = appendVarint(b, 4, failure.RetryAfterMs)
	return appendVarint(b, 5, uint64(failure.CompletedInputs))
}
