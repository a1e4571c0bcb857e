// Package session is the function server's side of one stream, as PROTOCOL.md specifies it: runtime
// frames in, server frames and batches to run out. It holds no socket, clock or goroutine; the
// transport brings frames and the time.
package session

import (
	"context"
	"fmt"
	"time"

	pb "github.com/statewire/statewire/sdk-go/statewirev1"
)

// Phase of a session.
//
//	Handshaking --Hello--> Open --ProtocolError sent or received, stream gone--> Over
//
// Draining, by either side, is a property of Open: it forbids new invocations and nothing else.
type Phase int

// The phases of a session.
const (
	Handshaking Phase = iota
	Open
	Over
)

// Outcome is what a session wants done.
type Outcome struct {
	// Frames are to be sent, in order.
	Frames []*pb.ServerFrame
	// Run are the batches to run, each until it has ended; then Finish takes it back.
	Run []*Batch
	// End is set when the stream ends, after what was sent before.
	End *End
}

// End is a broken clause that ends the stream.
type End struct {
	Violation
	// ByRuntime: this side found the runtime to break it. Else the runtime says that this side did.
	ByRuntime bool
}

// Session is not safe for concurrent use; the batches that it gives out are.
//
// Every batch that was given out is either taken back by Finish once or abandoned; a violation gives
// out none of its frame's batches; after End nothing is given out.
type Session struct {
	offer  *Offer
	base   context.Context
	origin time.Time
	phase  Phase
	open   openSession

	batches          map[uint64]*Batch
	payloadInFlight  int64
	lastInvocationID uint64
	runtimeDrains    bool
	serverDrains     bool
}

// openSession is what exists once the handshake is done.
type openSession struct {
	limits  *pb.Limits
	leases  bool
	types   *typeIndex
	plans   []*plan
	book    *addressBook
	results *resultQueue
}

// flight is what a session knows of a batch; the session alone touches it.
type flight struct {
	isInFlight bool
	// leavesLease: a later invocation may name this one as its lease.
	leavesLease bool
	entry       *addressEntry
	plan        *plan
	payload     int64
	received    time.Duration
	// deadline is when the runtime gives the batch up, by the session's clock; 0: never.
	deadline time.Duration
	// origin is when the session's clock stood at 0.
	origin *time.Time
	// questions are StateRequests that await their replies, in order.
	questions []pendingQuestion
}

type pendingQuestion struct {
	question
	answered chan struct{}
}

// New makes a session whose clock stood at 0 at origin. The contexts of its batches are children of base.
func New(base context.Context, offer *Offer, origin time.Time) *Session {
	return &Session{offer: offer, base: base, origin: origin, batches: make(map[uint64]*Batch)}
}

// Phase is where the session is.
func (s *Session) Phase() Phase { return s.phase }

// FrameBytesMax is the largest frame that may be received now.
func (s *Session) FrameBytesMax() int {
	if s.open.limits == nil {
		return s.offer.FrameBytesMax
	}
	return int(s.open.limits.FrameBytesMax)
}

// IsIdle reports whether nothing is in flight and no result waits to be sent.
func (s *Session) IsIdle() bool {
	return len(s.batches) == 0 && (s.open.results == nil || len(s.open.results.queued) == 0)
}

// InFlight is how many invocations have no result yet.
func (s *Session) InFlight() int { return len(s.batches) }

// Receive takes in a frame of so many bytes. now is any monotonic clock.
func (s *Session) Receive(frame *pb.RuntimeFrame, frameBytes int, now time.Duration) Outcome {
	if s.phase == Over {
		return Outcome{}
	}
	outcome, violation := s.dispatch(frame, frameBytes, now)
	if violation != nil {
		return s.Reject(violation)
	}
	return outcome
}

// Reject ends the session for something that the runtime broke. [ERROR-1]
func (s *Session) Reject(violation *Violation) Outcome {
	if s.phase == Over {
		return Outcome{}
	}
	s.phase = Over
	message := truncate(violation.Message, messageBytesMax)
	frame := &pb.ServerFrame{Frame: &pb.ServerFrame_Error{
		Error: &pb.ProtocolError{Clause: violation.Clause, Message: message},
	}}
	return Outcome{Frames: []*pb.ServerFrame{frame}, End: &End{Violation: *violation, ByRuntime: true}}
}

// RequestState asks for a state that the batch has not read yet. The channel is closed when the batch
// holds it; nil: nobody waits for the batch any more.
func (s *Session) RequestState(batch *Batch, state int) (*pb.ServerFrame, <-chan struct{}) {
	if !batch.flight.isInFlight || s.phase == Over {
		return nil, nil
	}
	answered := make(chan struct{})
	asked := question{state: uint32(state)}
	batch.flight.questions = append(batch.flight.questions, pendingQuestion{asked, answered})
	return stateRequest(batch.InvocationID, asked), answered
}

// Finish takes a batch back that has ended, and queues its result. One that the session has abandoned
// is dropped.
func (s *Session) Finish(batch *Batch) {
	if !batch.flight.isInFlight {
		return
	}
	s.remove(batch)
	entry := batch.flight.entry
	if s.open.leases && batch.flight.leavesLease && batch.failure == nil && batch.flight.plan.eagerCount > 0 {
		s.open.book.hold(entry, batch.InvocationID, batch.slots)
	} else {
		entry.running = nil
		s.open.book.forget(entry)
	}
	s.open.results.queued = append(s.open.results.queued, batch.encodeResult())
}

// TakeResults is the next encoded frame of results; nil when there are none, or no credit is left.
func (s *Session) TakeResults(now time.Duration) []byte {
	if s.phase != Open {
		return nil
	}
	return s.open.results.takeFrame(now)
}

// Expire fails the batches whose time has passed and queues their results. [INVOKE-11]
func (s *Session) Expire(now time.Duration) []*Batch {
	var expired []*Batch
	for _, batch := range s.batches {
		if batch.flight.deadline == 0 || now < batch.flight.deadline {
			continue
		}
		failure := Failure{
			Code:      pb.Failure_CODE_TIMEOUT,
			Message:   fmt.Sprintf("%s: no result within the %v that it may take", batch.TypeName, batch.Timeout),
			Retryable: true,
		}
		if batch.expire(failure) == Ended {
			s.Finish(batch)
			expired = append(expired, batch)
		}
	}
	return expired
}

// Drain announces that this side wants to go; nil when it has, or the session is not open. [DRAIN-7]
func (s *Session) Drain(reason string) *pb.ServerFrame {
	if s.phase != Open || s.serverDrains {
		return nil
	}
	s.serverDrains = true
	return &pb.ServerFrame{Frame: &pb.ServerFrame_Drain{Drain: &pb.Drain{Reason: reason}}}
}

// Abandon ends the session because its stream is gone. Batches that still run are told so; what they
// do does not count. [CLOSE-2]
func (s *Session) Abandon() {
	s.phase = Over
	for _, batch := range s.batches {
		s.remove(batch)
		batch.abandon(ErrLost)
	}
}

func (s *Session) dispatch(frame *pb.RuntimeFrame, frameBytes int, now time.Duration) (Outcome, *Violation) {
	if limit := s.FrameBytesMax(); frameBytes > limit {
		return Outcome{}, violated("LIMIT-1", "frame of %d bytes exceeds frame_bytes_max %d", frameBytes, limit)
	}
	switch kind := frame.Frame.(type) {
	case nil:
		return Outcome{}, violated("FRAME-1", "frame of an unknown kind or without any")
	case *pb.RuntimeFrame_Error:
		s.phase = Over
		return Outcome{End: &End{Violation: Violation{kind.Error.Clause, kind.Error.Message}}}, nil
	case *pb.RuntimeFrame_Hello:
		return s.greet(kind.Hello, frameBytes)
	}
	if s.phase != Open {
		return Outcome{}, violated("HELLO-1", "first frame is %T, expected Hello", frame.Frame)
	}
	switch kind := frame.Frame.(type) {
	case *pb.RuntimeFrame_Invocations:
		return s.admitAll(kind.Invocations, now)
	case *pb.RuntimeFrame_StateReply:
		return s.loadStates(kind.StateReply)
	case *pb.RuntimeFrame_Credit:
		return Outcome{}, s.addCredit(kind.Credit.Bytes)
	case *pb.RuntimeFrame_Drain:
		s.runtimeDrains = true
	}
	return Outcome{}, nil
}

func (s *Session) greet(hello *pb.Hello, helloBytes int) (Outcome, *Violation) {
	if s.phase == Open {
		return Outcome{}, violated("HELLO-10", "second Hello on the stream")
	}
	agreed, violation := negotiate(hello, helloBytes, s.offer)
	if violation != nil {
		return Outcome{}, violation
	}
	s.open = openSession{
		limits:  agreed.limits,
		leases:  agreed.leases,
		types:   newTypeIndex(agreed.welcome.Functions),
		book:    newAddressBook(s.offer.LeasedAddressesMax, s.offer.LeasedBytesMax),
		results: newResultQueue(agreed.limits),
	}
	for position, spec := range agreed.welcome.Functions {
		s.open.plans = append(s.open.plans, newPlan(position, spec))
	}
	s.phase = Open
	welcome := &pb.ServerFrame{Frame: &pb.ServerFrame_Welcome{Welcome: agreed.welcome}}
	return Outcome{Frames: []*pb.ServerFrame{welcome}}, nil
}

func (s *Session) addCredit(bytes uint64) *Violation {
	if bytes > integerMax {
		return violated("LIMIT-7", "result credit of %d bytes is more than 2^53 - 1", bytes)
	}
	s.open.results.balance = min(s.open.results.balance+int64(bytes), integerMax)
	return nil
}

func (s *Session) loadStates(reply *pb.StateReply) (Outcome, *Violation) {
	batch := s.batches[reply.InvocationId]
	if batch == nil || len(batch.flight.questions) == 0 {
		// A batch may end before its answer comes: by a timeout, or without waiting for it.
		if batch == nil && reply.InvocationId <= s.lastInvocationID {
			return Outcome{}, nil
		}
		return Outcome{}, violated("LAZY-3", "state reply to invocation %d unasked", reply.InvocationId)
	}
	asked := batch.flight.questions[0]
	if violation := batch.flight.plan.validateReply(asked.question, reply.States); violation != nil {
		return Outcome{}, violation
	}
	if violation := validateValues(reply.States, s.open.limits); violation != nil {
		return Outcome{}, violation
	}
	batch.flight.questions = batch.flight.questions[1:]
	batch.LoadStates(reply.States)
	if asked.leaseMissing {
		return Outcome{Run: []*Batch{batch}}, nil
	}
	close(asked.answered)
	return Outcome{}, nil
}

func (s *Session) remove(batch *Batch) {
	batch.flight.isInFlight = false
	batch.flight.plan.inFlight--
	s.payloadInFlight -= batch.flight.payload
	delete(s.batches, batch.InvocationID)
}

func stateRequest(invocationID uint64, asked question) *pb.ServerFrame {
	request := &pb.StateRequest{InvocationId: invocationID, LeaseMissing: asked.leaseMissing}
	if !asked.leaseMissing {
		request.States = []uint32{asked.state}
	}
	return &pb.ServerFrame{Frame: &pb.ServerFrame_StateRequest{StateRequest: request}}
}
