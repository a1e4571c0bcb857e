package transport

import (
	"context"
	"errors"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/statewire/statewire/sdk-go/internal/session"
	pb "github.com/statewire/statewire/sdk-go/statewirev1"
)

// sweepInterval is how late a handler without end may be noticed.
const sweepInterval = 100 * time.Millisecond

// wire is a gRPC stream of either role.
type wire interface {
	SendMsg(message any) error
	RecvMsg(message any) error
}

// errInOrder ends a stream that has nothing more to do.
var errInOrder = errors.New("ended in order")

// stream runs one session: it feeds it with frames and time, runs its batches in goroutines, and sends
// what comes of them.
//
// The reader takes frames in, the writer sends them; both, and the goroutines of the batches, hold mu
// while they use the session.
type stream struct {
	host *Host
	peer string
	wire wire
	// isDialled: the runtime opened the call, so the end of its frames is not the end of the call.
	isDialled bool
	start     time.Time

	mu      sync.Mutex
	session *session.Session
	// control are encoded frames other than results, which wait to be sent.
	control    [][]byte
	end        *session.End
	halfClosed bool
	opened     bool
	sweeping   bool

	// quickWork is taken by quickIdle goroutines that wait for it.
	quickWork chan *frameRun
	quickIdle atomic.Int32

	wake chan struct{}
	ctx  context.Context
	stop context.CancelCauseFunc
	// readerDone is closed when nothing more can arrive.
	readerDone chan struct{}
}

func newStream(ctx context.Context, host *Host, peer string, wire wire) *stream {
	ctx, stop := context.WithCancelCause(ctx)
	base := context.WithoutCancel(host.options.Base)
	_, isDialled := wire.(grpc.ServerStream)
	start := time.Now()
	return &stream{
		host:       host,
		peer:       peer,
		wire:       wire,
		isDialled:  isDialled,
		start:      start,
		session:    session.New(base, &host.options.Offer, start),
		quickWork:  make(chan *frameRun),
		wake:       make(chan struct{}, 1),
		ctx:        ctx,
		stop:       stop,
		readerDone: make(chan struct{}),
	}
}

// run carries the session until its stream ends, and says why.
func (s *stream) run() error {
	go s.read()
	err := s.write()
	s.stop(err)
	s.mu.Lock()
	s.session.Abandon()
	s.mu.Unlock()
	return err
}

func (s *stream) read() {
	defer close(s.readerDone)
	for {
		in := new(incoming)
		err := s.wire.RecvMsg(in)
		if errors.Is(err, io.EOF) && !s.isDialled {
			err = errInOrder
		}
		if errors.Is(err, io.EOF) {
			s.mu.Lock()
			s.halfClosed = true
			s.mu.Unlock()
			s.wakeWriter()
			return
		}
		if err != nil {
			s.stop(err)
			return
		}
		s.receive(in)
	}
}

func (s *stream) receive(in *incoming) {
	s.mu.Lock()
	outcome := s.take(in)
	for _, frame := range outcome.Frames {
		s.push(frame)
	}
	if outcome.End != nil {
		s.end = outcome.End
		if !outcome.End.ByRuntime {
			s.control = nil // Nothing more is sent. [ERROR-2]
		}
	}
	opens := !s.opened && s.session.Phase() == session.Open
	s.opened = s.opened || opens
	s.armSweep()
	s.mu.Unlock()
	if opens {
		s.host.opened(s)
	}
	s.runAll(outcome.Run)
	s.wakeWriter()
}

func (s *stream) take(in *incoming) session.Outcome {
	if in.err != nil {
		return s.session.Reject(&session.Violation{Clause: "FRAME-2", Message: "frame does not decode: " + in.err.Error()})
	}
	return s.session.Receive(&in.frame, in.bytes, s.now())
}

func (s *stream) runBatch(batch *session.Batch) {
	start := time.Since(s.start)
	s.host.options.Run(batch, s)
	s.host.pace.note(batch.Function, time.Since(s.start)-start)
}

// Finish takes a batch back that has ended.
func (s *stream) Finish(batch *session.Batch) {
	s.mu.Lock()
	s.session.Finish(batch)
	s.mu.Unlock()
	s.wakeWriter()
}

// LoadState waits until the batch holds a state that it has not read.
func (s *stream) LoadState(batch *session.Batch, state int) error {
	s.mu.Lock()
	request, answered := s.session.RequestState(batch, state)
	if request == nil {
		s.mu.Unlock()
		return session.ErrLost
	}
	s.push(request)
	s.mu.Unlock()
	s.wakeWriter()
	s.host.pace.noteWait(batch.Function)
	ctx := batch.Context()
	select {
	case <-answered:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// write sends frames until the stream ends.
func (s *stream) write() error {
	for {
		frame, end := s.next()
		if frame != nil {
			if err := s.wire.SendMsg(outgoing(frame)); err != nil {
				return s.sendError(err)
			}
			continue
		}
		if end != nil {
			return end
		}
		select {
		case <-s.wake:
			// Whatever is about to finish goes into the same frame.
			runtime.Gosched()
		case <-s.ctx.Done():
			return context.Cause(s.ctx)
		}
	}
}

func (s *stream) wasOpened() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opened
}

// next is the frame to send now, or why there will be none.
func (s *stream) next() (frame []byte, end error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.control) > 0 {
		frame = s.control[0]
		s.control = s.control[1:]
		return frame, nil
	}
	if s.end != nil {
		return nil, &protocolError{s.end}
	}
	if frame = s.session.TakeResults(s.now()); frame != nil {
		return frame, nil
	}
	if s.halfClosed && s.session.IsIdle() {
		return nil, errInOrder
	}
	return nil, nil
}

// sendError finds out why a client's stream takes no more: only its reader is told.
func (s *stream) sendError(err error) error {
	if !errors.Is(err, io.EOF) {
		return err
	}
	select {
	case <-s.readerDone:
	case <-s.ctx.Done():
	}
	if cause := context.Cause(s.ctx); cause != nil {
		return cause
	}
	return errInOrder
}

// drain tells the runtime that this side wants to go. A stream without a handshake ends at once.
func (s *stream) drain(reason string) {
	s.mu.Lock()
	frame := s.session.Drain(reason)
	early := s.session.Phase() == session.Handshaking
	if frame != nil {
		s.push(frame)
	}
	s.mu.Unlock()
	if early {
		s.stop(errInOrder)
	}
	s.wakeWriter()
}

func (s *stream) push(frame *pb.ServerFrame) {
	encoded, err := proto.Marshal(frame)
	if err != nil {
		s.stop(err)
		return
	}
	s.control = append(s.control, encoded)
}

func (s *stream) wakeWriter() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *stream) now() time.Duration { return time.Since(s.start) }

// armSweep keeps one timer for all invocations, and only while some are in flight.
func (s *stream) armSweep() {
	if s.sweeping || s.session.InFlight() == 0 {
		return
	}
	s.sweeping = true
	time.AfterFunc(sweepInterval, s.sweep)
}

func (s *stream) sweep() {
	s.mu.Lock()
	s.sweeping = false
	expired := s.session.Expire(s.now())
	s.armSweep()
	s.mu.Unlock()
	for _, batch := range expired {
		s.host.options.Observer.Expired(batch)
	}
	if len(expired) > 0 {
		s.wakeWriter()
	}
}

// protocolError ends a stream on which a clause was broken.
type protocolError struct{ *session.End }

func (e *protocolError) Error() string { return "protocol error: " + e.Violation.Error() }
