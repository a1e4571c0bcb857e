package session

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	pb "github.com/statewire/statewire/sdk-go/statewirev1"
)

// What a peer can see of a session is judged by the conformance kit. Here is what it cannot see: what is
// kept, and for how long.

func testOffer() *Offer {
	return &Offer{
		Functions: []*pb.FunctionSpec{
			{TypeName: "test/counter", States: []*pb.StateSpec{{Name: "count", Typename: "test/bytes"}}},
			{TypeName: "any/*"},
		},
		InvocationsMax:     4,
		PayloadBytesMax:    1 << 20,
		FrameBytesMax:      4 << 20,
		LeasedAddressesMax: 2,
		LeasedBytesMax:     1 << 20,
	}
}

func testLimits() *pb.Limits {
	return &pb.Limits{FrameBytesMax: 65_536, ValueBytesMax: 16_384, IdBytesMax: 512, EffectsMax: 100, ResultCreditBytes: 10}
}

// opened is a session after its handshake.
func opened(t testing.TB, offer *Offer) *Session {
	t.Helper()
	s := New(context.Background(), offer, time.Now())
	hello := &pb.Hello{Versions: []uint32{1}, Features: []string{"leases", "lazy-state"}, Limits: testLimits()}
	outcome := s.Receive(&pb.RuntimeFrame{Frame: &pb.RuntimeFrame_Hello{Hello: hello}}, 100, 0)
	if outcome.End != nil || s.Phase() != Open {
		t.Fatalf("handshake: %v", outcome.End)
	}
	return s
}

func invocations(list ...*pb.Invocation) *pb.RuntimeFrame {
	return &pb.RuntimeFrame{Frame: &pb.RuntimeFrame_Invocations{Invocations: &pb.InvocationBatch{Invocations: list}}}
}

func counterInvocation(id uint64, instance string) *pb.Invocation {
	return &pb.Invocation{InvocationId: id, Type: 1, Id: instance, Inputs: []*pb.Input{{Typename: "test/x"}}}
}

// admit takes one invocation in and returns its batch.
func admit(t testing.TB, s *Session, invocation *pb.Invocation, now time.Duration) *Batch {
	t.Helper()
	outcome := s.Receive(invocations(invocation), 100, now)
	if outcome.End != nil || len(outcome.Run) != 1 {
		t.Fatalf("invocation %d: %+v", invocation.InvocationId, outcome)
	}
	return outcome.Run[0]
}

// finish ends a batch of one input with a state of so many bytes.
func finish(t testing.TB, s *Session, batch *Batch, stateBytes int) {
	t.Helper()
	if err := batch.WriteState(0, 0, make([]byte, stateBytes)); err != nil {
		t.Fatal(err)
	}
	if batch.CompleteInput(0) != Ended {
		t.Fatal("the batch has not ended")
	}
	s.Finish(batch)
}

func TestStateIsKeptForTheAddressesUsedLast(t *testing.T) {
	s := opened(t, testOffer())
	for n := range uint64(3) {
		finish(t, s, admit(t, s, counterInvocation(n+1, fmt.Sprint(n)), 0), 4)
	}
	if s.open.book.heldCount != 2 || len(s.open.book.entries[1]) != 2 {
		t.Errorf("%d leases of %d entries are held", s.open.book.heldCount, len(s.open.book.entries[1]))
	}
	if _, held := s.open.book.entries[1]["0"]; held {
		t.Error("the address used first is held")
	}
	s.open.book.bytesMax = 2*entryBytes + 10
	leased := counterInvocation(4, "2")
	leased.Lease = 3
	finish(t, s, admit(t, s, leased, 0), 8)
	if s.open.book.heldCount != 1 || s.open.book.heldBytes != entryBytes+1+8 {
		t.Errorf("%d leases of %d bytes are held", s.open.book.heldCount, s.open.book.heldBytes)
	}
}

func TestAFailureAndAnAbandonedBatchKeepNothing(t *testing.T) {
	s := opened(t, testOffer())
	failing := admit(t, s, counterInvocation(1, "a"), 0)
	failing.FailInput(0, Failure{Message: "no"})
	s.Finish(failing)
	running := admit(t, s, counterInvocation(2, "b"), 0)
	s.Abandon()
	if running.CompleteInput(0) != Stale || running.Context().Err() == nil {
		t.Error("an abandoned batch runs on")
	}
	s.Finish(running)
	if len(s.open.book.entries[1]) != 1 || s.payloadInFlight != 0 || len(s.batches) != 0 {
		t.Errorf("kept: %d entries, %d bytes, %d batches", len(s.open.book.entries[1]), s.payloadInFlight, len(s.batches))
	}
}

func TestResultsWaitForCreditAndLeaveInOrder(t *testing.T) {
	s := opened(t, testOffer())
	for n := range uint64(3) {
		finish(t, s, admit(t, s, counterInvocation(n+1, fmt.Sprint(n)), 0), 6)
	}
	expect := func(ids ...uint64) {
		t.Helper()
		frame := new(pb.ServerFrame)
		if err := proto.Unmarshal(s.TakeResults(0), frame); err != nil {
			t.Fatal(err)
		}
		var got []uint64
		for _, result := range frame.GetResults().GetResults() {
			got = append(got, result.InvocationId)
		}
		if fmt.Sprint(got) != fmt.Sprint(ids) {
			t.Errorf("results %v, expected %v", got, ids)
		}
	}
	expect(1, 2) // 10 bytes of credit: 6, and 6 more while it is above 0.
	expect()
	s.Receive(&pb.RuntimeFrame{Frame: &pb.RuntimeFrame_Credit{Credit: &pb.ResultCredit{Bytes: 3}}}, 10, 0)
	expect(3)
}

func TestResultsThatComeTooLateAreDropped(t *testing.T) {
	s := opened(t, testOffer())
	timed := counterInvocation(1, "a")
	timed.TimeoutMs = 10
	finish(t, s, admit(t, s, timed, 0), 1)
	if frame := s.TakeResults(10 * time.Millisecond); frame != nil {
		t.Errorf("a late result was sent: %x", frame)
	}
	timed = counterInvocation(2, "a")
	timed.TimeoutMs = 10
	admit(t, s, timed, 0)
	if expired := s.Expire(10 * time.Millisecond); len(expired) != 1 || s.InFlight() != 0 {
		t.Errorf("%d batches expired", len(expired))
	}
	if s.TakeResults(time.Second) == nil || !s.IsIdle() {
		t.Error("the failure of a batch that timed out was not sent")
	}
}

func TestAnAddressThatRunsIsGivenUpOnlyWithATimeLimit(t *testing.T) {
	s := opened(t, testOffer())
	timed := counterInvocation(1, "a")
	timed.TimeoutMs = 1000
	older := admit(t, s, timed, 0)
	admit(t, s, counterInvocation(2, "a"), 0)
	if older.CompleteInput(0) != Stale {
		t.Error("the older batch was not given up")
	}
	outcome := s.Receive(invocations(counterInvocation(3, "a")), 100, 0)
	if outcome.End == nil || outcome.End.Clause != "INVOKE-2" {
		t.Errorf("outcome %+v", outcome.End)
	}
}

// TestEffectsAreWhatTheGeneratedCodeReads holds the encoding by hand against protobuf's own.
func TestEffectsAreWhatTheGeneratedCodeReads(t *testing.T) {
	batch := NewBatch(BatchOptions{
		Invocation: &pb.Invocation{InvocationId: 300, Inputs: []*pb.Input{{}, {}}},
		Slots:      make([]Slot, 200),
		Lazy:       make([]bool, 200),
		Limits:     testLimits(),
		Base:       context.Background(),
	})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	message := Message{TypeName: "test/other", ID: "é", Typename: "test/x", Value: []byte{}, Traceparent: "00-x"}
	long := Message{TypeName: "test/other", Typename: "test/x", Value: make([]byte, 300)}
	must(batch.WriteState(0, 150, []byte("state")))
	must(batch.WriteState(0, 0, nil))
	must(batch.Send(0, message))
	must(batch.Schedule(0, long, 70_000, "token"))
	must(batch.Cancel(0, "other"))
	must(batch.Egress(0, "test/out", "test/x", []byte("record")))
	must(batch.Reply(0, "test/x", nil))
	batch.CompleteInput(0)
	must(batch.Send(1, message))
	must(batch.WriteState(1, 7, []byte("undone")))
	batch.FailInput(1, Failure{Code: pb.Failure_CODE_BAD_STATE, Message: strings.Repeat("é", 3000), Retryable: true, RetryAfter: time.Second + 1})
	got, err := batch.Result()
	must(err)
	send := &pb.Send{TypeName: "test/other", Id: "é", Typename: "test/x", Value: []byte{}, Traceparent: "00-x"}
	expected := &pb.Result{
		InvocationId: 300,
		StateChanges: []*pb.StateValue{{State: 0}, {State: 150, Value: []byte("state")}},
		Sends:        []*pb.Send{send},
		TimerChanges: []*pb.TimerChange{
			{Change: &pb.TimerChange_Schedule{Schedule: &pb.DelayedSend{
				Send:    &pb.Send{TypeName: "test/other", Typename: "test/x", Value: make([]byte, 300)},
				DelayMs: 70_000, CancellationToken: "token",
			}}},
			{Change: &pb.TimerChange_Cancel{Cancel: "other"}},
		},
		EgressRecords: []*pb.EgressRecord{{Egress: "test/out", Typename: "test/x", Value: []byte("record")}},
		Replies:       []*pb.Reply{{Typename: "test/x"}},
		Failure: &pb.Failure{
			Code: pb.Failure_CODE_BAD_STATE, Message: strings.Repeat("é", 2048), Retryable: true, RetryAfterMs: 1001, CompletedInputs: 1,
		},
	}
	if !proto.Equal(got, expected) {
		t.Errorf("result\n%v, expected\n%v", got, expected)
	}
	if payload := batch.encodeResult().payload; payload != 5+0+300+6 {
		t.Errorf("payload of %d bytes", payload)
	}
}

// FuzzReceive: whatever a runtime sends, a session answers or ends, and never panics.
func FuzzReceive(f *testing.F) {
	for _, frame := range []*pb.RuntimeFrame{
		invocations(counterInvocation(1, "a"), counterInvocation(2, "b")),
		{Frame: &pb.RuntimeFrame_StateReply{StateReply: &pb.StateReply{InvocationId: 1, States: []*pb.StateValue{{State: 9}}}}},
		{Frame: &pb.RuntimeFrame_Drain{Drain: &pb.Drain{}}},
		{Frame: &pb.RuntimeFrame_Invocations{Invocations: &pb.InvocationBatch{Types: []*pb.TypeDefinition{{Index: 3, TypeName: "any/x", Entry: 2}}}}},
	} {
		encoded, err := proto.Marshal(frame)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(encoded, encoded)
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		s := opened(t, testOffer())
		for _, encoded := range [][]byte{first, second} {
			frame := new(pb.RuntimeFrame)
			if proto.Unmarshal(encoded, frame) != nil {
				continue
			}
			for _, batch := range s.Receive(frame, len(encoded), 0).Run {
				if batch.CompleteInput(0) == Ended {
					s.Finish(batch)
				}
			}
			s.TakeResults(0)
		}
		s.Abandon()
	})
}
