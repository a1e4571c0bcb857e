package statewire

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/statewire/statewire/sdk-go/internal/session"
	"github.com/statewire/statewire/sdk-go/internal/transport"
	pb "github.com/statewire/statewire/sdk-go/statewirev1"
)

// Context is what a handler is given for one message. It is a [context.Context]: done when the outcome
// can no longer count (the runtime's time for the message has passed, the stream is lost), and when the
// handler has returned. Its values are those of the context that [Serve] was given.
//
// It may be used by several goroutines until the handler returns; what they do afterwards counts for
// nothing, and is logged.
type Context struct {
	function *registered
	batch    *session.Batch
	loader   transport.Loader
	logger   *slog.Logger
	input    *pb.Input
	position int
	// failed is the first error of the context's own methods.
	failed failureCell
}

var _ context.Context = (*Context)(nil)

// Deadline is when the runtime gives the message up, by this process's clock.
func (c *Context) Deadline() (deadline time.Time, ok bool) { return c.batch.Deadline() }

// Done is closed when the outcome can no longer count.
func (c *Context) Done() <-chan struct{} { return c.batch.Context().Done() }

// Err is nil while Done is open. It is not about the handler's effects: see [Context.Failed].
func (c *Context) Err() error { return c.batch.Context().Err() }

// Value is the value of a key in the context that Serve was given.
func (c *Context) Value(key any) any { return c.batch.Context().Value(key) }

// Self is the instance that handles the message.
func (c *Context) Self() Address {
	return Address{Type: TypeName(c.batch.TypeName), ID: c.batch.ID}
}

// Caller is the instance that sent the message; false when it came from an ingress. Of a delayed
// message it is the one that scheduled it.
func (c *Context) Caller() (caller Address, ok bool) {
	name := c.batch.CallerTypeName(c.input)
	if name == "" {
		return Address{}, false
	}
	return Address{Type: TypeName(name), ID: c.input.CallerId}, true
}

// WantsReply reports whether somebody waits for a reply.
func (c *Context) WantsReply() bool { return c.input.WantsReply }

// Attempt is how many attempts at this message have failed: 0 at first.
func (c *Context) Attempt() int { return c.batch.Attempt(c.position) }

// Traceparent is the W3C traceparent that came with the message; empty when there is none. What the
// handler sends carries it on.
func (c *Context) Traceparent() string {
	if c.input.Traceparent == "" || !isTraceparent(c.input.Traceparent) {
		return ""
	}
	return c.input.Traceparent
}

// Failed is the first error of this context's methods, for which the message fails in any case; nil:
// all that the handler did so far can be done.
func (c *Context) Failed() error { return c.failed.load() }

// Send sends a message to an instance. Those from one instance to another arrive in the order in which
// they were sent.
func (c *Context) Send(target Address, message TypedValue) {
	if c.isEncoded(message) {
		c.note(c.batch.Send(c.position, c.messageTo(target, message)))
	}
}

// SendOption is an option of [Context.SendAfter].
type SendOption func(*delayedSend)

type delayedSend struct {
	token   string
	isNamed bool
}

// WithToken names a delayed message, so that it can be taken back by [Context.Cancel]: 1 to 255 bytes,
// not the token of a message that is pending. Tokens belong to the sender's id: all functions with that
// id share them.
func WithToken(token string) SendOption {
	return func(send *delayedSend) { send.token, send.isNamed = token, true }
}

// SendAfter sends a message that is delivered after a delay, counted from when the handler's effects
// take effect, in whole milliseconds rounded up; 0 is allowed. It is durable, as all that a handler does.
func (c *Context) SendAfter(delay time.Duration, target Address, message TypedValue, options ...SendOption) {
	var send delayedSend
	for _, option := range options {
		option(&send)
	}
	if send.isNamed {
		if err := session.ValidateToken(send.token); err != nil {
			c.note(err)
			return
		}
	}
	if delay < 0 {
		c.fail(newError(CodeInvalid, nil, "delay of %v, expected 0 or more", delay))
		return
	}
	if c.isEncoded(message) {
		delayMs := uint64((delay-1)/time.Millisecond) + 1
		if delay == 0 {
			delayMs = 0
		}
		c.note(c.batch.Schedule(c.position, c.messageTo(target, message), delayMs, send.token))
	}
}

// Cancel takes a delayed message back that this id has scheduled under a token. One that is due already
// is delivered all the same; a token that is not pending changes nothing.
func (c *Context) Cancel(token string) {
	if err := session.ValidateToken(token); err != nil {
		c.note(err)
		return
	}
	c.note(c.batch.Cancel(c.position, token))
}

// SendEgress publishes a record by an egress's name, "namespace/name". See [Egress.Send].
func (c *Context) SendEgress(egress string, record TypedValue) {
	if c.isEncoded(record) {
		c.note(c.batch.Egress(c.position, egress, record.Typename, record.Bytes))
	}
}

// Reply answers a call, once. When nobody waits it does nothing, so one handler serves calls and
// messages.
func (c *Context) Reply(reply TypedValue) {
	if !c.isEncoded(reply) {
		return
	}
	if !c.input.WantsReply {
		c.note(c.batch.Check(c.position))
		return
	}
	c.note(c.batch.Reply(c.position, reply.Typename, reply.Bytes))
}

func (c *Context) messageTo(target Address, message TypedValue) session.Message {
	return session.Message{
		TypeName:    string(target.Type),
		ID:          target.ID,
		Typename:    message.Typename,
		Value:       message.Bytes,
		Traceparent: c.Traceparent(),
	}
}

func (c *Context) isEncoded(value TypedValue) bool {
	if value.err != nil {
		c.fail(value.err)
	}
	return value.err == nil
}

// readState is a state's bytes; nil when it has none. Lazy ones are waited for.
func (c *Context) readState(state *stateDeclaration) ([]byte, error) {
	index := c.function.indexOf(state)
	if index < 0 {
		return nil, c.fail(newError(CodeInvalid, nil, "%s does not declare the state %s", c.function.declaration.Type, state.name))
	}
	slot, err := c.batch.ReadState(c.position, index)
	if err == nil && slot.Unread {
		if cause := c.loader.LoadState(c.batch, index); cause != nil {
			return nil, c.fail(describeLoad(state.name, cause))
		}
		slot, err = c.batch.ReadState(c.position, index)
	}
	if err != nil {
		return nil, c.note(err)
	}
	return slot.Value, nil
}

func (c *Context) writeState(state *stateDeclaration, value []byte) {
	index := c.function.indexOf(state)
	if index < 0 {
		c.fail(newError(CodeInvalid, nil, "%s does not declare the state %s", c.function.declaration.Type, state.name))
		return
	}
	err := c.batch.WriteState(c.position, index, value)
	var beyond *session.LimitError
	if errors.As(err, &beyond) {
		c.fail(newError(CodeLimitExceeded, nil, "state %s: %s", state.name, beyond.Message))
		return
	}
	c.note(err)
}

// note turns an error of the batch into one of this module, and remembers it.
func (c *Context) note(err error) error {
	var beyond *session.LimitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &beyond):
		return c.fail(newError(CodeLimitExceeded, nil, "%s", beyond.Message))
	case errors.Is(err, session.ErrClosed):
		return c.closed()
	default:
		return c.fail(newError(CodeInvalid, nil, "%s", err.Error()))
	}
}

// closed is the error of a context that is used too late. Nobody is left to tell but the log; a handler
// whose time is up or whose stream is lost is no mistake.
func (c *Context) closed() error {
	cause := context.Cause(c.batch.Context())
	switch {
	case errors.Is(cause, session.ErrTimeout), errors.Is(cause, session.ErrGivenUp):
		return newError(CodeTimeout, cause, "%s", c.Self().Type)
	case errors.Is(cause, session.ErrLost):
		return newError(CodeStreamLost, cause, "%s", c.Self().Type)
	}
	err := newError(CodeContextClosed, nil, "context of %s used after its handler had returned", c.Self().Type)
	c.logger.Error("statewire: what a handler left behind uses its context", "error", err)
	return err
}

func (c *Context) fail(err error) error {
	c.failed.store(err)
	return err
}
