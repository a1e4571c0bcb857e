package statewire

import (
	"fmt"
	"time"
)

// Code says what kind of trouble an [Error] is.
type Code string

const (
	// CodeInvalid: a declaration, an option, an address or a value cannot be used.
	CodeInvalid Code = "invalid"
	// CodeBadInput: the message's typename or bytes are not what the function takes.
	CodeBadInput Code = "bad-input"
	// CodeBadState: a state's bytes are not what it is declared as.
	CodeBadState Code = "bad-state"
	// CodeLimitExceeded: a value or a result passes a limit of the runtime, which the text names.
	CodeLimitExceeded Code = "limit-exceeded"
	// CodeTimeout: the runtime's time for the message has passed.
	CodeTimeout Code = "timeout"
	// CodeStreamLost: nobody waits for the outcome of this run any more.
	CodeStreamLost Code = "stream-lost"
	// CodeContextClosed: the context was used after its handler had returned.
	CodeContextClosed Code = "context-closed"
	// CodePanic: a handler panicked, or ended its goroutine.
	CodePanic Code = "panic"
)

// Error is an error of this module, for errors.As:
//
//	var failed *statewire.Error
//	if errors.As(err, &failed) && failed.Code == statewire.CodeLimitExceeded { ... }
type Error struct {
	Code Code
	// Message is for people; it holds no values of messages or states.
	Message string
	// Err is the cause; nil: there is none.
	Err error
	// Stack is where a handler panicked; empty for all other codes.
	Stack string
}

// Error is the message, and the cause where there is one.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Message
	}
	return e.Message + ": " + e.Err.Error()
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

func newError(code Code, cause error, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Err: cause}
}

// Failure is an error by which a handler says what the runtime is to do with its message. Wrapped ones
// count as well: the first in the chain that errors.As finds.
//
// A "no" that is part of the business is a reply, not a failure.
type Failure struct {
	// Err is the reason. Its text is given to operators and to whoever waits for a reply, cut at 4,096
	// bytes: it must hold no secrets.
	Err error
	// Permanent: trying again cannot help. The runtime gives the message up at once: its address is
	// parked until an operator decides, or the message goes to the dead letter egress.
	Permanent bool
	// RetryAfter is the least time before the next attempt; 0: the runtime's own back-off, which is never
	// shorter than this.
	RetryAfter time.Duration
}

// Error is the text of the reason.
func (f *Failure) Error() string {
	if f.Err == nil {
		return "failed"
	}
	return f.Err.Error()
}

// Unwrap is the reason.
func (f *Failure) Unwrap() error { return f.Err }

// Permanent makes an error one that trying again cannot help. Nil stays nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &Failure{Err: err, Permanent: true}
}

// RetryAfter makes an error one whose message is tried again after a time at the earliest. Nil stays
// nil.
func RetryAfter(delay time.Duration, err error) error {
	if err == nil {
		return nil
	}
	return &Failure{Err: err, RetryAfter: delay}
}
