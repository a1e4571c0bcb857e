package transport

import (
	"testing"

	"google.golang.org/protobuf/proto"

	pb "github.com/statewire/statewire/sdk-go/statewirev1"
)

func batchFrame(batch *pb.InvocationBatch) *pb.RuntimeFrame {
	return &pb.RuntimeFrame{Frame: &pb.RuntimeFrame_Invocations{Invocations: batch}}
}

// fullBatch has every field, and what differs: absent and empty values, no input, many.
func fullBatch() *pb.InvocationBatch {
	return &pb.InvocationBatch{
		Types:             []*pb.TypeDefinition{{Index: 3, TypeName: "any/x", Entry: 2}},
		ResultCreditBytes: 1 << 40,
		Invocations: []*pb.Invocation{
			{InvocationId: 1, Type: 1, Id: "é", Lease: 300, TimeoutMs: 30_000, Attempt: 2, Inputs: []*pb.Input{
				{CallerType: 3, CallerId: "me", Typename: "test/x", Value: []byte{}, WantsReply: true, Traceparent: "00-x"},
				{Typename: "test/y"},
				{Typename: "test/z", Value: []byte("value")},
			}},
			{InvocationId: 2, Type: 1, States: []*pb.StateValue{{State: 0, Value: []byte("s")}, {State: 70}, {State: 1, Value: []byte{}}}},
			{},
		},
	}
}

func TestInvocationsAreDecodedAsByTheGeneratedCode(t *testing.T) {
	encoded, err := proto.Marshal(batchFrame(fullBatch()))
	if err != nil {
		t.Fatal(err)
	}
	batch := decodeInvocations(encoded)
	if !proto.Equal(batch, fullBatch()) {
		t.Errorf("decoded %v", batch)
	}
	clear(encoded)
	if batch.Invocations[0].Id != "é" || string(batch.Invocations[0].Inputs[2].Value) != "value" {
		t.Error("the batch shares the caller's bytes")
	}
	values := append(batch.Invocations[0].Inputs[2].Value, "longer"...)
	if len(values) == 0 || batch.Invocations[1].Id != "" || batch.Invocations[1].InvocationId != 2 {
		t.Error("a value runs into what is behind it")
	}
}

// FuzzDecodeFrame holds the decoder against the generated code: the same frame, or the same refusal.
func FuzzDecodeFrame(f *testing.F) {
	encoded, err := proto.Marshal(batchFrame(fullBatch()))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(encoded)
	f.Add([]byte{0x12, 0x00})
	f.Add([]byte{0x12, 0x02, 0x18, 0x07})
	f.Add(append(encoded, 0x12, 0x00))
	f.Fuzz(func(t *testing.T, encoded []byte) {
		expected, got := new(pb.RuntimeFrame), new(pb.RuntimeFrame)
		expectedErr, gotErr := proto.Unmarshal(encoded, expected), decodeFrame(encoded, got)
		if (expectedErr == nil) != (gotErr == nil) {
			t.Fatalf("%x: error %v, expected %v", encoded, gotErr, expectedErr)
		}
		if expectedErr == nil && !proto.Equal(expected, got) {
			t.Fatalf("%x: %v, expected %v", encoded, got, expected)
		}
	})
}
