// Package statewiretest runs functions without a server: [Run] shows what one message does, [App] is a
// runtime in memory whose time stands still until the test advances it.
package statewiretest

import (
	"testing"
	"time"

	statewire "github.com/statewire/statewire/sdk-go"
	"github.com/statewire/statewire/sdk-go/internal/local"
	pb "github.com/statewire/statewire/sdk-go/statewirev1"
)

// RunOption says what the message of [Run] finds.
type RunOption func(*singleRun)

type singleRun struct {
	t       testing.TB
	id      string
	name    string
	attempt int
	message message
	state   *memoryState
}

// WithID names the instance. Default: "test".
func WithID(id string) RunOption { return func(r *singleRun) { r.id = id } }

// WithName is the second part of the type that a function of "namespace/*" runs under. Default: "test".
func WithName(name string) RunOption { return func(r *singleRun) { r.name = name } }

// WithCaller is who sent the message. Default: an ingress.
func WithCaller(caller statewire.Address) RunOption {
	return func(r *singleRun) { r.message.caller = caller }
}

// WithAttempt is how many attempts at the message have failed. Default: 0.
func WithAttempt(failed int) RunOption { return func(r *singleRun) { r.attempt = failed } }

// WithoutReply lets nobody wait for a reply. Default: somebody does.
func WithoutReply() RunOption { return func(r *singleRun) { r.message.wantsReply = false } }

// WithState is a state before the message. Default: it has no value.
func WithState[T any](state *statewire.State[T], value T) RunOption {
	return func(r *singleRun) {
		r.t.Helper()
		r.state.write(indexOf(r.t, r.state, state), encode(r.t, state, value), 0)
	}
}

// Outcome is what a function did for one message. When it failed it did nothing.
type Outcome struct {
	// Changed are the names of the states that it wrote or cleared.
	Changed []string
	// Sends are messages, in order; delayed ones are in Delayed.
	Sends   []Sent
	Delayed []Sent
	// Cancelled are cancellation tokens.
	Cancelled []string
	// Reply is nil when there was none.
	Reply *statewire.TypedValue
	// Failure is nil when the function succeeded.
	Failure *Failure

	t       testing.TB
	state   *memoryState
	records []record
}

// Failure is what the runtime would be told about a message that failed.
type Failure struct {
	Code       pb.Failure_Code
	Message    string
	Retryable  bool
	RetryAfter time.Duration
	// Err is what the handler returned, or a panic as a statewire.Error.
	Err error
}

// Run runs one function for one message. A handler that fails makes an outcome with a Failure; the test
// fails when the function cannot be served, or a value is not of its type.
func Run(t testing.TB, function statewire.Function, value statewire.TypedValue, options ...RunOption) *Outcome {
	t.Helper()
	prepared := prepare(t, []statewire.Function{function})[0]
	if value.Err() != nil {
		t.Fatalf("statewiretest: message: %v", value.Err())
	}
	run := &singleRun{t: t, id: "test", name: "test", state: newMemoryState(prepared.Spec)}
	run.message = message{value: value, wantsReply: true}
	for _, option := range options {
		option(run)
	}
	target := function.Type.At(run.id)
	if function.Type.Name() == "*" {
		target.Type = statewire.TypeName(function.Type.Namespace() + "/" + run.name)
	}
	result, failed := localRun{
		function: prepared,
		target:   target,
		messages: []*message{&run.message},
		state:    run.state,
		attempt:  run.attempt,
	}.run()
	if result == nil {
		t.Fatalf("statewiretest: %v", failed)
	}
	return newOutcome(run, target, result, failed)
}

func newOutcome(run *singleRun, target statewire.Address, result *pb.Result, failed error) *Outcome {
	outcome := &Outcome{t: run.t, state: run.state}
	run.state.apply(result.StateChanges, 0)
	for _, change := range result.StateChanges {
		outcome.Changed = append(outcome.Changed, run.state.specs[change.State].Name)
	}
	for _, send := range result.Sends {
		outcome.Sends = append(outcome.Sends, toSent(send, target))
	}
	for _, change := range result.TimerChanges {
		switch kind := change.Change.(type) {
		case *pb.TimerChange_Cancel:
			outcome.Cancelled = append(outcome.Cancelled, kind.Cancel)
		case *pb.TimerChange_Schedule:
			outcome.Delayed = append(outcome.Delayed, toDelayed(kind.Schedule, target))
		}
	}
	for _, sent := range result.EgressRecords {
		outcome.records = append(outcome.records, toRecord(sent))
	}
	for _, reply := range result.Replies {
		outcome.Reply = &statewire.TypedValue{Typename: reply.Typename, Bytes: reply.Value}
	}
	if failure := result.Failure; failure != nil {
		outcome.Failure = &Failure{
			Code:       failure.Code,
			Message:    failure.Message,
			Retryable:  failure.Retryable,
			RetryAfter: time.Duration(failure.RetryAfterMs) * time.Millisecond,
			Err:        failed,
		}
	}
	return outcome
}

// StateAfter is a state after the message, and whether it has a value.
func StateAfter[T any](outcome *Outcome, state *statewire.State[T]) (value T, found bool) {
	outcome.t.Helper()
	return decode(outcome.t, state, outcome.state.read(indexOf(outcome.t, outcome.state, state), 0))
}

// Recorder is an *Outcome or an *App.
type Recorder interface {
	recorded() (testing.TB, []record)
}

func (o *Outcome) recorded() (testing.TB, []record) { return o.t, o.records }

// Records are the records for one egress, in order.
func Records[T any](from Recorder, egress statewire.Egress[T]) []T {
	t, records := from.recorded()
	t.Helper()
	var decoded []T
	for _, sent := range records {
		if sent.egress != egress.Name() {
			continue
		}
		value, err := egress.Type().From(sent.value)
		if err != nil {
			t.Fatalf("statewiretest: record of %s: %v", egress.Name(), err)
		}
		decoded = append(decoded, value)
	}
	return decoded
}

func prepare(t testing.TB, functions []statewire.Function) []local.Function {
	t.Helper()
	prepared, err := local.Prepare(functions)
	if err != nil {
		t.Fatalf("statewiretest: %v", err)
	}
	return prepared
}

func indexOf(t testing.TB, states *memoryState, state statewire.StateDeclaration) uint32 {
	t.Helper()
	index, ok := states.indexOf(state.Name())
	if !ok {
		t.Fatalf("statewiretest: the function does not declare the state %s", state.Name())
	}
	return index
}

func encode[T any](t testing.TB, state *statewire.State[T], value T) []byte {
	t.Helper()
	bytes, err := state.Type().Encode(value)
	if err != nil {
		t.Fatalf("statewiretest: state %s: %v", state.Name(), err)
	}
	return bytes
}

func decode[T any](t testing.TB, state *statewire.State[T], bytes []byte) (value T, found bool) {
	t.Helper()
	if bytes == nil {
		return value, false
	}
	value, err := state.Type().Decode(bytes)
	if err != nil {
		t.Fatalf("statewiretest: state %s: %v", state.Name(), err)
	}
	return value, true
}
