package session

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	pb "github.com/statewire/statewire/sdk-go/statewirev1"
)

// Slot is a state of a batch: its bytes, that it has none, or that nobody has asked yet.
type Slot struct {
	// Value is nil when the state has none.
	Value  []byte
	Unread bool
	// Borrowed: the value is a part of a frame, which it keeps alive.
	Borrowed bool
}

// ErrClosed says that an input has ended: its effects are decided, and nothing can be added.
var ErrClosed = errors.New("the handler of this message has finished")

// Reasons why a batch's outcome cannot count any more, as the cause of its context.
var (
	ErrTimeout  = errors.New("no result within the time that the runtime gives it")
	ErrGivenUp  = errors.New("the runtime has given the message up")
	ErrLost     = errors.New("the stream to the runtime has ended")
	ErrFinished = errors.New("the handler has finished")
)

// Failure is what the runtime is told about an input that failed.
type Failure struct {
	Code       pb.Failure_Code
	Message    string
	Retryable  bool
	RetryAfter time.Duration
}

// BatchOptions is what a batch is made from.
type BatchOptions struct {
	Invocation *pb.Invocation
	// TypeName is "namespace/type" of the target.
	TypeName string
	// Function is the position of the function in the table, from 0.
	Function int
	// Slots are by state index; the batch takes them over.
	Slots []Slot
	// Lazy says by state index which of them do not travel with invocations.
	Lazy   []bool
	Limits *pb.Limits
	// Base is the parent of the batch's context.
	Base context.Context
	// Callers name what type indexes of the inputs' callers stand for, for a batch outside of a session.
	Callers []string
}

// Batch is the run of one invocation: its inputs in order, and what they did so far.
//
//	running(position) --CompleteInput--> running(position + 1) ... --last--> ended
//	running(position) --FailInput------> ended, without the effects of the input at position
//	running(position) --abandon--------> ended: there will be no result
//
// Effects of the input at position can be undone; those of earlier inputs stay. Whoever ends a batch
// gives it back to its session. Methods may be called by several goroutines.
type Batch struct {
	InvocationID uint64
	TypeName     string
	ID           string
	Function     int
	Inputs       []*pb.Input
	// Timeout is what the runtime allows for the batch; 0: no limit.
	Timeout time.Duration

	attempt uint32
	types   *typeIndex
	lazy    []bool
	flight  flight

	mu       sync.Mutex
	position int
	ended    bool
	effects  effects
	slots    []Slot
	changed  stateSet
	// before is nil until the current input writes a state.
	before  *statesBefore
	failure *pb.Failure

	base context.Context
	// context is made for the handler that asks for it.
	context *batchContext
	// cause is why the batch ended, for a context that is asked for afterwards.
	cause error
}

// statesBefore are the states before an input, to go back to when it fails.
type statesBefore struct {
	slots   []Slot
	changed stateSet
}

type batchContext struct {
	context.Context
	cancel context.CancelCauseFunc
}

// NewBatch makes the run of an invocation.
func NewBatch(options BatchOptions) *Batch {
	invocation := options.Invocation
	var types *typeIndex
	if options.Callers != nil {
		types = newCallerIndex(options.Callers)
	}
	return &Batch{
		types:        types,
		InvocationID: invocation.InvocationId,
		TypeName:     options.TypeName,
		ID:           invocation.Id,
		Function:     options.Function,
		Inputs:       invocation.Inputs,
		Timeout:      time.Duration(min(invocation.TimeoutMs, uint64(timeoutMax/time.Millisecond))) * time.Millisecond,
		attempt:      invocation.Attempt,
		lazy:         options.Lazy,
		effects:      effects{limits: options.Limits},
		slots:        options.Slots,
		base:         options.Base,
	}
}

// timeoutMax is longer than any process lives, and does not overflow when it is added to a time.
const timeoutMax = 100 * 365 * 24 * time.Hour

// Attempt is how many attempts at the input have failed; only the first input has any.
func (b *Batch) Attempt(position int) int {
	if position > 0 {
		return 0
	}
	return int(b.attempt)
}

// CallerTypeName is "namespace/type" of an input's caller; empty when it came from an ingress.
func (b *Batch) CallerTypeName(input *pb.Input) string {
	if input.CallerType == 0 || b.types == nil {
		return ""
	}
	name, _ := b.types.lookup(input.CallerType)
	return name
}

// Context is done when the batch's outcome cannot count any more, or has been decided.
func (b *Batch) Context() context.Context {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.context == nil {
		ctx, cancel := context.WithCancelCause(b.base)
		b.context = &batchContext{ctx, cancel}
		if b.ended {
			cancel(b.cause)
		}
	}
	return b.context.Context
}

// Deadline is when the runtime gives the batch up.
func (b *Batch) Deadline() (time.Time, bool) {
	if b.flight.deadline == 0 {
		return time.Time{}, false
	}
	return b.flight.origin.Add(b.flight.deadline), true
}

// ReadState is the state as the inputs so far left it.
func (b *Batch) ReadState(position, state int) (Slot, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.isClosed(position) {
		return Slot{}, ErrClosed
	}
	return b.slots[state], nil
}

// WriteState writes a state; nil deletes it.
func (b *Batch) WriteState(position, state int, value []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.isClosed(position) {
		return ErrClosed
	}
	if err := b.admitState(state, value); err != nil {
		return err
	}
	if b.before == nil && len(b.Inputs) > 1 {
		b.before = &statesBefore{slots: slices.Clone(b.slots), changed: b.changed.clone()}
	}
	b.slots[state] = Slot{Value: value}
	b.changed.add(state, len(b.slots))
	return nil
}

// LoadStates fills slots that were unread with what the runtime has. A value written meanwhile stays.
func (b *Batch) LoadStates(states []*pb.StateValue) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, loaded := range states {
		if b.slots[loaded.State].Unread {
			b.slots[loaded.State] = Slot{Value: loaded.Value}
		}
		if b.before != nil && b.before.slots[loaded.State].Unread {
			b.before.slots[loaded.State] = Slot{Value: loaded.Value}
		}
	}
}

// Send records a message to a function.
func (b *Batch) Send(position int, message Message) error {
	typeIndex, err := b.internTarget(message.TypeName)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.isClosed(position) {
		return ErrClosed
	}
	return b.effects.send(message, typeIndex)
}

// Schedule records a delayed message. An empty token: it cannot be cancelled.
func (b *Batch) Schedule(position int, message Message, delayMs uint64, token string) error {
	typeIndex, err := b.internTarget(message.TypeName)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.isClosed(position) {
		return ErrClosed
	}
	return b.effects.schedule(message, typeIndex, delayMs, token)
}

// Cancel records the cancellation of a delayed message.
func (b *Batch) Cancel(position int, token string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.isClosed(position) {
		return ErrClosed
	}
	return b.effects.cancel(token)
}

// Egress records a record for an egress.
func (b *Batch) Egress(position int, egress, typename string, value []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.isClosed(position) {
		return ErrClosed
	}
	return b.effects.egress(egress, typename, value)
}

// Reply records the reply to the running input.
func (b *Batch) Reply(position int, typename string, value []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.isClosed(position) {
		return ErrClosed
	}
	return b.effects.reply(position, typename, value)
}

// Check is nil while the input runs.
func (b *Batch) Check(position int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.isClosed(position) {
		return ErrClosed
	}
	return nil
}

// Progress is what became of a batch.
type Progress int

const (
	// Running: the next input is to be run.
	Running Progress = iota
	// Ended: the caller gives the batch back to its session.
	Ended
	// Stale: somebody else has ended the batch.
	Stale
)

// CompleteInput notes that the input succeeded: what it did stays.
func (b *Batch) CompleteInput(position int) Progress {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.isClosed(position) {
		return Stale
	}
	b.before = nil
	b.position++
	if b.position < len(b.Inputs) {
		b.effects.save()
		return Running
	}
	b.end(ErrFinished)
	return Ended
}

// FailInput notes that the input failed: what it did is discarded, and the batch has ended.
func (b *Batch) FailInput(position int, failure Failure) Progress {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.isClosed(position) {
		return Stale
	}
	b.fail(failure, ErrFinished)
	return Ended
}

// expire fails whatever input runs, because the time is up.
func (b *Batch) expire(failure Failure) Progress {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return Stale
	}
	b.fail(failure, ErrTimeout)
	return Ended
}

// abandon ends the batch without a result.
func (b *Batch) abandon(cause error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.end(cause)
}

func (b *Batch) fail(failure Failure, cause error) {
	b.effects.rollBack()
	if b.before != nil {
		b.slots, b.changed = b.before.slots, b.before.changed
	} else if len(b.Inputs) == 1 {
		b.changed = stateSet{}
	}
	room := int(b.effects.limits.FrameBytesMax) - 2*resultOverheadBytes - len(b.effects.encoded) - b.effects.stateBytes
	b.failure = &pb.Failure{
		Code:            failure.Code,
		Message:         truncate(failure.Message, max(0, min(messageBytesMax, room))),
		Retryable:       failure.Retryable,
		RetryAfterMs:    uint64((failure.RetryAfter + time.Millisecond - 1) / time.Millisecond),
		CompletedInputs: uint32(b.position),
	}
	b.end(cause)
}

func (b *Batch) end(cause error) {
	if b.ended {
		return
	}
	b.ended = true
	b.cause = cause
	if b.context != nil {
		b.context.cancel(cause)
	}
}

func (b *Batch) isClosed(position int) bool { return b.ended || position != b.position }

// internTarget is the type index of a target; 0 when the stream has none.
func (b *Batch) internTarget(typeName string) (uint32, error) {
	if isWildcard(typeName) {
		return 0, invalid("%q is no function type, expected a namespace/type", typeName)
	}
	if b.types != nil {
		if index := b.types.indexOf(typeName); index != 0 {
			return index, nil
		}
	}
	if !IsFunctionType(typeName) || !utf8.ValidString(typeName) {
		return 0, invalid("%q is no function type, expected a namespace/type", typeName)
	}
	return 0, nil
}

// admitState checks that the eager states still fit into a frame together, and the changed ones into
// another. [LIMIT-8] [RESULT-7]
func (b *Batch) admitState(state int, value []byte) error {
	eager, changed, changedCount := 0, len(value), 1
	if !b.lazy[state] {
		eager = len(value)
	}
	for i, slot := range b.slots {
		if i == state {
			continue
		}
		if !b.lazy[i] {
			eager += len(slot.Value)
		}
		if b.changed.has(i) {
			changed += len(slot.Value)
			changedCount++
		}
	}
	if half := int(b.effects.limits.FrameBytesMax / 2); eager > half && !b.lazy[state] {
		return beyondLimit("half of frameBytesMax", int64(b.effects.limits.FrameBytesMax),
			"eager states of %d bytes together", eager)
	}
	return b.effects.admitStates(value, changedCount, changed)
}

// truncate cuts text to a number of bytes without splitting a character, and makes it UTF-8.
func truncate(text string, bytesMax int) string {
	if !utf8.ValidString(text) {
		text = string([]rune(text))
	}
	if len(text) <= bytesMax {
		return text
	}
	for bytesMax > 0 && !utf8.RuneStart(text[bytesMax]) {
		bytesMax--
	}
	return text[:bytesMax]
}
