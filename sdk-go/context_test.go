package statewire_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	statewire "github.com/statewire/statewire/sdk-go"
	"github.com/statewire/statewire/sdk-go/statewiretest"
	pb "github.com/statewire/statewire/sdk-go/statewirev1"
)

// handling is a function whose handler of strings is given.
func handling(handle func(*statewire.Context, string) error, states ...statewire.StateDeclaration) statewire.Function {
	return statewire.Function{
		Type:     "test/function",
		States:   states,
		Handlers: statewire.Handlers{statewire.On(statewire.String, handle)},
	}
}

func TestWhatAHandlerDoesIsWhatTheRuntimeGets(t *testing.T) {
	count := statewire.NewState("count", statewire.Long)
	gone := statewire.NewState("gone", statewire.String)
	audit := statewire.NewEgress("test/audit", statewire.String)
	function := handling(func(ctx *statewire.Context, text string) error {
		n, err := count.Get(ctx)
		if err != nil {
			return err
		}
		count.Set(ctx, n+1)
		gone.Clear(ctx)
		ctx.Send(statewire.TypeName("test/other").At("x"), statewire.String.Of(text))
		ctx.SendAfter(1500*time.Microsecond, ctx.Self(), statewire.Bool.Of(true), statewire.WithToken("later"))
		ctx.Cancel("sooner")
		audit.Send(ctx, text+"!")
		caller, _ := ctx.Caller()
		ctx.Reply(statewire.String.Of(caller.String()))
		return nil
	}, count, gone)
	outcome := statewiretest.Run(t, function, statewire.String.Of("hello"), statewiretest.WithID("me"),
		statewiretest.WithCaller(statewire.TypeName("test/asker").At("you")), statewiretest.WithState(count, 41), statewiretest.WithState(gone, "x"))
	if outcome.Failure != nil {
		t.Fatalf("failed: %v", outcome.Failure.Err)
	}
	if n, _ := statewiretest.StateAfter(outcome, count); n != 42 {
		t.Errorf("count is %d", n)
	}
	if _, found := statewiretest.StateAfter(outcome, gone); found || len(outcome.Changed) != 2 {
		t.Errorf("states changed: %v", outcome.Changed)
	}
	if len(outcome.Sends) != 1 || outcome.Sends[0].Target.String() != "test/other/x" {
		t.Errorf("sends: %v", outcome.Sends)
	}
	delayed := outcome.Delayed
	if len(delayed) != 1 || delayed[0].Delay != 2*time.Millisecond || delayed[0].Token != "later" ||
		delayed[0].Target.String() != "test/function/me" {
		t.Errorf("delayed: %v", delayed)
	}
	if len(outcome.Cancelled) != 1 || outcome.Cancelled[0] != "sooner" {
		t.Errorf("cancelled: %v", outcome.Cancelled)
	}
	if records := statewiretest.Records(outcome, audit); len(records) != 1 || records[0] != "hello!" {
		t.Errorf("records: %v", records)
	}
	if reply, err := statewire.String.From(*outcome.Reply); err != nil || reply != "test/asker/you" {
		t.Errorf("reply %q, %v", reply, err)
	}
}

func TestHandlersFailAsTheySay(t *testing.T) {
	plain := errors.New("no")
	for _, test := range []struct {
		what       string
		handle     func() error
		code       pb.Failure_Code
		retryable  bool
		retryAfter time.Duration
		message    string
	}{
		{"an error", func() error { return plain }, pb.Failure_CODE_FUNCTION, true, 0, "no"},
		{"a permanent one", func() error { return statewire.Permanent(plain) }, pb.Failure_CODE_FUNCTION, false, 0, "no"},
		{"a later one", func() error { return statewire.RetryAfter(time.Second, plain) }, pb.Failure_CODE_FUNCTION, true, time.Second, "no"},
		{"a panic", func() error { panic("oh") }, pb.Failure_CODE_FUNCTION, true, 0, "panic: oh"},
		{"a panic with an error", func() error { panic(statewire.Permanent(plain)) }, pb.Failure_CODE_FUNCTION, false, 0, "panic: no"},
		{"a panic of the runtime", func() error { return []error{}[len(os.Args)] }, pb.Failure_CODE_FUNCTION, true, 0, "index out of range"},
	} {
		function := handling(func(ctx *statewire.Context, _ string) error {
			ctx.Send(ctx.Self(), statewire.Bool.Of(true))
			return test.handle()
		})
		outcome := statewiretest.Run(t, function, statewire.String.Of(""))
		failure := outcome.Failure
		if failure == nil {
			t.Errorf("%s: no failure", test.what)
			continue
		}
		if failure.Code != test.code || failure.Retryable != test.retryable || failure.RetryAfter != test.retryAfter ||
			!strings.Contains(failure.Message, test.message) || len(outcome.Sends) != 0 {
			t.Errorf("%s: %+v", test.what, failure)
		}
	}
}

func TestWhatCannotBeDoneFailsTheMessage(t *testing.T) {
	count := statewire.NewState("count", statewire.Int)
	undeclared := statewire.NewState("undeclared", statewire.Int)
	text := statewire.NewState("text", statewire.String)
	self := statewire.TypeName("test/function").At("")
	truth := statewire.Bool.Of(true)
	large := statewire.Bytes("test/large").Of(make([]byte, 1<<20+1))
	for _, test := range []struct {
		what, expected string
		code           statewire.Code
		act            func(ctx *statewire.Context)
	}{
		{"a wildcard", "no function type", statewire.CodeInvalid, func(ctx *statewire.Context) {
			ctx.Send(statewire.TypeName("test/*").At(""), truth)
		}},
		{"no address", "no function type", statewire.CodeInvalid, func(ctx *statewire.Context) {
			ctx.Send(statewire.Address{}, truth)
		}},
		{"an id that is too long", "idBytesMax 512", statewire.CodeLimitExceeded, func(ctx *statewire.Context) {
			ctx.Send(self.Type.At(strings.Repeat("x", 513)), truth)
		}},
		{"an id that is not UTF-8", "not UTF-8", statewire.CodeInvalid, func(ctx *statewire.Context) {
			ctx.Send(self.Type.At("\xff"), truth)
		}},
		{"no typename", "typename", statewire.CodeInvalid, func(ctx *statewire.Context) {
			ctx.Send(self, statewire.TypedValue{})
		}},
		{"a typename that is too long", "1024", statewire.CodeLimitExceeded, func(ctx *statewire.Context) {
			ctx.Send(self, statewire.TypedValue{Typename: strings.Repeat("t", 1025)})
		}},
		{"a value that is too large", "valueBytesMax 1048576", statewire.CodeLimitExceeded, func(ctx *statewire.Context) {
			ctx.Send(self, large)
		}},
		{"too much in one frame", "frameBytesMax 4194304", statewire.CodeLimitExceeded, func(ctx *statewire.Context) {
			for range 5 {
				ctx.SendEgress("test/out", statewire.Bytes("test/large").Of(make([]byte, 1<<20)))
			}
		}},
		{"too many effects", "effectsMax 10000", statewire.CodeLimitExceeded, func(ctx *statewire.Context) {
			for range 10_001 {
				ctx.Cancel("token")
			}
		}},
		{"an empty token", "cancellation token", statewire.CodeInvalid, func(ctx *statewire.Context) {
			ctx.SendAfter(0, self, truth, statewire.WithToken(""))
		}},
		{"a long token", "cancellation token", statewire.CodeInvalid, func(ctx *statewire.Context) {
			ctx.Cancel(strings.Repeat("x", 256))
		}},
		{"a negative delay", "delay of -1s", statewire.CodeInvalid, func(ctx *statewire.Context) {
			ctx.SendAfter(-time.Second, self, truth)
		}},
		{"no egress", "is no egress", statewire.CodeInvalid, func(ctx *statewire.Context) {
			ctx.SendEgress("out", truth)
		}},
		{"a second reply", "replied to already", statewire.CodeInvalid, func(ctx *statewire.Context) {
			ctx.Reply(truth)
			ctx.Reply(truth)
		}},
		{"a value that has no bytes", "not UTF-8", statewire.CodeInvalid, func(ctx *statewire.Context) {
			ctx.Reply(statewire.String.Of("\xff"))
		}},
		{"a state that has no bytes", "state text", statewire.CodeInvalid, func(ctx *statewire.Context) {
			text.Set(ctx, "\xff")
		}},
		{"a state that is not declared", "does not declare", statewire.CodeInvalid, func(ctx *statewire.Context) {
			undeclared.Set(ctx, 1)
		}},
		{"a state that is read and not declared", "does not declare", statewire.CodeInvalid, func(ctx *statewire.Context) {
			_, _ = undeclared.Get(ctx)
		}},
	} {
		function := handling(func(ctx *statewire.Context, _ string) error {
			count.Set(ctx, 1)
			test.act(ctx)
			return nil // The handler says nothing; the context knows.
		}, count, text)
		outcome := statewiretest.Run(t, function, statewire.String.Of(""))
		if outcome.Failure == nil {
			t.Errorf("%s: no failure", test.what)
			continue
		}
		var failed *statewire.Error
		if !errors.As(outcome.Failure.Err, &failed) || failed.Code != test.code || !strings.Contains(failed.Error(), test.expected) {
			t.Errorf("%s: %v, expected %s %q", test.what, outcome.Failure.Err, test.code, test.expected)
		}
		if len(outcome.Changed) != 0 || outcome.Reply != nil {
			t.Errorf("%s: something of the failed message took effect", test.what)
		}
	}
}

func TestAStateThatDoesNotDecodeFailsTheMessageForGood(t *testing.T) {
	stored := statewire.NewState("count", statewire.Bytes(statewire.Int.Typename()))
	count := statewire.NewState("count", statewire.Int)
	function := handling(func(ctx *statewire.Context, _ string) error {
		if _, err := count.Get(ctx); err == nil {
			t.Error("a broken state was read")
		}
		return nil
	}, count)
	outcome := statewiretest.Run(t, function, statewire.String.Of(""), statewiretest.WithState(stored, []byte{0xff}))
	if f := outcome.Failure; f == nil || f.Code != pb.Failure_CODE_BAD_STATE || f.Retryable {
		t.Errorf("failure %+v", outcome.Failure)
	}
}

func TestAMessageThatNobodyTakesFailsForGood(t *testing.T) {
	function := handling(func(*statewire.Context, string) error { return nil })
	for _, value := range []statewire.TypedValue{
		statewire.Int.Of(1),
		{Typename: statewire.String.Typename()},
		{Typename: statewire.String.Typename(), Bytes: []byte{0xff}},
	} {
		outcome := statewiretest.Run(t, function, value)
		if f := outcome.Failure; f == nil || f.Code != pb.Failure_CODE_BAD_INPUT || f.Retryable {
			t.Errorf("%v: failure %+v", value, outcome.Failure)
		}
	}
}

func TestAContextIsClosedWhenItsHandlerHasReturned(t *testing.T) {
	var kept *statewire.Context
	function := handling(func(ctx *statewire.Context, _ string) error {
		kept = ctx
		return nil
	})
	statewiretest.Run(t, function, statewire.String.Of(""))
	if kept.Err() == nil || kept.Failed() != nil {
		t.Errorf("context says %v, %v", kept.Err(), kept.Failed())
	}
	child, cancel := context.WithTimeout(kept, time.Hour)
	defer cancel()
	<-child.Done()
}

func TestSeveralGoroutinesMayUseAContext(t *testing.T) {
	function := handling(func(ctx *statewire.Context, _ string) error {
		var group sync.WaitGroup
		for range 50 {
			group.Add(1)
			go func() {
				defer group.Done()
				ctx.Send(ctx.Self(), statewire.Bool.Of(true))
			}()
		}
		group.Wait()
		return nil
	})
	if outcome := statewiretest.Run(t, function, statewire.String.Of("")); len(outcome.Sends) != 50 {
		t.Errorf("%d sends", len(outcome.Sends))
	}
}
