package transport

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/statewire/statewire/sdk-go/internal/session"
)

// handshakeTimeout is what PROTOCOL.md gives a handshake. [HELLO-9]
const handshakeTimeout = 10 * time.Second

// Loader brings states that come only when they are asked for.
type Loader interface {
	// LoadState returns when the batch holds the state, or never will.
	LoadState(batch *session.Batch, state int) error
}

// Keeper is whoever a batch is run for.
type Keeper interface {
	Loader
	// Finish takes a batch back that has ended.
	Finish(batch *session.Batch)
}

// Observer watches streams. Calls are rare: none per message, failures apart.
type Observer interface {
	Connected(peer string)
	Disconnected(peer string, reason error)
	ProtocolError(peer string, end *session.End)
	Redialling(peer string, reason error, delay time.Duration, failures int)
	// Expired: the batch got no result within its time.
	Expired(batch *session.Batch)
}

// HostOptions are what the streams of one process have in common.
type HostOptions struct {
	Offer session.Offer
	// Base holds the values of the contexts of all batches.
	Base context.Context
	// Run runs a batch until it has ended. It gives it back to its keeper if it is what ended it.
	Run      func(batch *session.Batch, keeper Keeper)
	Observer Observer
}

// Host keeps the streams of one process, whoever dialled them. Each has a session of its own.
type Host struct {
	options HostOptions
	pace    *pace

	mu       sync.Mutex
	streams  map[*stream]struct{}
	draining bool
	// empty is closed when the last stream of a draining host has ended.
	empty chan struct{}
}

// NewHost makes a host without streams.
func NewHost(options HostOptions) *Host {
	return &Host{options: options, pace: newPace(len(options.Offer.Functions)), streams: make(map[*stream]struct{}), empty: make(chan struct{})}
}

// carry runs a session over a stream that has just been opened, until it ends.
func (h *Host) carry(ctx context.Context, peer string, wire wire) (*stream, error) {
	s := newStream(ctx, h, peer, wire)
	h.add(s)
	handshake := time.AfterFunc(handshakeTimeout, func() {
		s.mu.Lock()
		late := s.session.Phase() == session.Handshaking
		s.mu.Unlock()
		if late {
			s.stop(errors.New("no Hello within 10 s"))
		}
	})
	defer handshake.Stop()
	err := s.run()
	h.remove(s)
	var broken *protocolError
	if errors.As(err, &broken) {
		h.options.Observer.ProtocolError(peer, broken.End)
	}
	if s.wasOpened() {
		h.options.Observer.Disconnected(peer, err)
	}
	return s, err
}

func (h *Host) opened(s *stream) {
	h.options.Observer.Connected(s.peer)
	h.mu.Lock()
	draining := h.draining
	h.mu.Unlock()
	if draining {
		s.drain(drainReason)
	}
}

const drainReason = "shutting down"

// Drain asks every runtime to send nothing more, and waits until all streams have ended or ctx is done.
// Streams that are still open then are ended: the runtime runs their invocations elsewhere.
func (h *Host) Drain(ctx context.Context) error {
	h.mu.Lock()
	if !h.draining {
		h.draining = true
		if len(h.streams) == 0 {
			close(h.empty)
		}
	}
	for s := range h.streams {
		go s.drain(drainReason)
	}
	h.mu.Unlock()
	select {
	case <-h.empty:
		return nil
	case <-ctx.Done():
	}
	h.mu.Lock()
	for s := range h.streams {
		s.stop(errors.New("the time to drain is up"))
	}
	h.mu.Unlock()
	return ctx.Err()
}

func (h *Host) add(s *stream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.streams[s] = struct{}{}
}

func (h *Host) remove(s *stream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.streams, s)
	if h.draining && len(h.streams) == 0 {
		select {
		case <-h.empty:
		default:
			close(h.empty)
		}
	}
}
