package statewire

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/statewire/statewire/sdk-go/internal/session"
	"github.com/statewire/statewire/sdk-go/internal/transport"
	pb "github.com/statewire/statewire/sdk-go/statewirev1"
)

// runner runs the batches of functions.
type runner struct {
	table  []*registered
	logger *slog.Logger
	// failed is told of every input that failed.
	failed func(batch *session.Batch, attempt int, err error)
}

// run runs the inputs of a batch one after the other until it has ended, and gives it back to its keeper
// if this is what ended it.
func (r *runner) run(batch *session.Batch, keeper transport.Keeper) {
	if batch.Check(0) != nil {
		return // Its stream was lost before it began.
	}
	var running *Context
	ended := false
	defer func() {
		if running != nil {
			// The handler has ended its goroutine: this is all that still runs of it.
			exited := &Error{Code: CodePanic, Message: "the handler ended its goroutine", Stack: string(debug.Stack())}
			ended = r.fail(running, exited) == session.Ended
		}
		if ended {
			keeper.Finish(batch)
		}
	}()
	function := r.table[batch.Function]
	for position, input := range batch.Inputs {
		running = &Context{
			function: function,
			batch:    batch,
			loader:   keeper,
			logger:   r.logger,
			input:    input,
			position: position,
		}
		ctx := running
		err := ctx.handle()
		running = nil
		progress := session.Stale
		if err != nil {
			progress = r.fail(ctx, err)
		} else {
			progress = batch.CompleteInput(position)
		}
		if progress != session.Running {
			ended = progress == session.Ended
			return
		}
	}
}

func (r *runner) fail(ctx *Context, err error) session.Progress {
	progress := ctx.batch.FailInput(ctx.position, describeFailure(err, ctx.position))
	if progress == session.Ended {
		r.failed(ctx.batch, ctx.Attempt(), err)
	}
	return progress
}

// handle runs the handler of the context's message. A panic is an error like any other: it must not end
// the process, which runs other instances.
func (c *Context) handle() (err error) {
	handler, err := c.function.handlerOf(c.input.Typename)
	if err != nil {
		return err
	}
	defer func() {
		if reason := recover(); reason != nil {
			cause, _ := reason.(error)
			if cause == nil {
				cause = fmt.Errorf("%v", reason)
			}
			err = &Error{Code: CodePanic, Message: "panic", Err: cause, Stack: string(debug.Stack())}
		}
	}()
	err = handler.handle(c, TypedValue{Typename: c.input.Typename, Bytes: c.input.Value})
	if err == nil {
		err = c.failed.load()
	}
	return err
}

// describeFailure is what the runtime is told about an input that failed after so many others.
func describeFailure(err error, completed int) session.Failure {
	failure := session.Failure{Code: pb.Failure_CODE_FUNCTION, Message: err.Error(), Retryable: true}
	var deliberate *Failure
	var own *Error
	switch {
	case errors.As(err, &deliberate):
		failure.Retryable = !deliberate.Permanent
		failure.RetryAfter = max(0, deliberate.RetryAfter)
	case errors.As(err, &own):
		failure.Code, failure.Retryable = classify(own.Code, completed)
	}
	return failure
}

func classify(code Code, completed int) (pb.Failure_Code, bool) {
	switch code {
	case CodeBadInput:
		return pb.Failure_CODE_BAD_INPUT, false
	case CodeBadState:
		return pb.Failure_CODE_BAD_STATE, false
	case CodeTimeout:
		return pb.Failure_CODE_TIMEOUT, true
	case CodeLimitExceeded:
		// The inputs before this one may have used the limit up: alone it can succeed.
		return pb.Failure_CODE_FUNCTION, completed > 0
	default:
		return pb.Failure_CODE_FUNCTION, true
	}
}
