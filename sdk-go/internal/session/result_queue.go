package session

import (
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	pb "github.com/statewire/statewire/sdk-go/statewirev1"
)

// result is what a batch did, encoded, with what decides when it may leave.
type result struct {
	// The two parts of an encoded Result.
	head, effects []byte
	payload       int64
	// deadline is when the runtime has given the invocation up.
	deadline time.Duration
	// timedOut: the result says so itself, and may come late. [INVOKE-11]
	timedOut bool
}

// encodeResult is what an ended batch did.
func (b *Batch) encodeResult() result {
	b.mu.Lock()
	defer b.mu.Unlock()
	head := make([]byte, 0, 16+b.effects.stateBytes)
	head = appendVarint(head, 1, b.InvocationID)
	payload := b.effects.payload
	if !b.changed.isEmpty() {
		for state := range b.slots {
			if b.changed.has(state) {
				head = appendStateChange(head, state, b.slots[state].Value)
				payload += int64(len(b.slots[state].Value))
			}
		}
	}
	if b.failure != nil {
		head = appendFailure(head, b.failure)
	}
	return result{
		head:     head,
		effects:  b.effects.encoded,
		payload:  payload,
		deadline: b.flight.deadline,
		timedOut: b.failure != nil && b.failure.Code == pb.Failure_CODE_TIMEOUT,
	}
}

func (r *result) bytes() int { return len(r.head) + len(r.effects) }

const (
	// frameBytesTarget is the size of a frame, unless the runtime takes less, or one result alone is
	// larger. [FRAME-5]
	frameBytesTarget = 65_536
	// frameOverheadBytes are the tag and length of the frame's own field.
	frameOverheadBytes = 16
)

// resultQueue holds finished results that have not been sent yet, and the balance of result credit that
// they wait for: a result leaves while the balance is above 0, and may take it below. [CREDIT-4]
type resultQueue struct {
	queued  []result
	target  int
	balance int64
}

func newResultQueue(limits *pb.Limits) *resultQueue {
	return &resultQueue{
		target:  min(frameBytesTarget, int(limits.FrameBytesMax)),
		balance: int64(limits.ResultCreditBytes),
	}
}

// takeFrame is the next frame of results, encoded; nil when there are none or no credit is left.
// Results that come too late are dropped, except those that say so.
func (q *resultQueue) takeFrame(now time.Duration) []byte {
	taken, size := 0, 0
	for taken < len(q.queued) {
		next := &q.queued[taken]
		if isTooLate(next, now) {
			*next = result{}
			taken++
			continue
		}
		bytes := protowire.SizeTag(1) + protowire.SizeBytes(next.bytes())
		if q.balance <= 0 || size > 0 && size+bytes+frameOverheadBytes > q.target {
			break
		}
		size += bytes
		q.balance -= next.payload
		taken++
	}
	frame := encodeFrame(q.queued[:taken], size)
	q.remove(taken)
	return frame
}

func (q *resultQueue) remove(count int) {
	rest := copy(q.queued, q.queued[count:])
	clear(q.queued[rest:])
	q.queued = q.queued[:rest]
}

// encodeFrame writes a ServerFrame whose results are so many bytes; nil when there are none.
func encodeFrame(results []result, size int) []byte {
	if size == 0 {
		return nil
	}
	frame := make([]byte, 0, size+frameOverheadBytes)
	frame = protowire.AppendTag(frame, 2, protowire.BytesType)
	frame = protowire.AppendVarint(frame, uint64(size))
	for i := range results {
		if next := &results[i]; next.head != nil {
			frame = protowire.AppendTag(frame, 1, protowire.BytesType)
			frame = protowire.AppendVarint(frame, uint64(next.bytes()))
			frame = append(frame, next.head...)
			frame = append(frame, next.effects...)
		}
	}
	return frame
}

func isTooLate(r *result, now time.Duration) bool {
	return r.deadline != 0 && now >= r.deadline && !r.timedOut
}

// Result is what an ended batch did, as its receiver reads it.
func (b *Batch) Result() (*pb.Result, error) {
	encoded := b.encodeResult()
	decoded := new(pb.Result)
	err := proto.Unmarshal(append(encoded.head, encoded.effects...), decoded)
	return decoded, err
}
