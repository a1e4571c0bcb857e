package statewiretest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	statewire "github.com/statewire/statewire/sdk-go"
)

// App is a whole application in memory: functions, their state, and a runtime whose time stands still
// until the test advances it.
//
//	app := statewiretest.NewApp(t, statewiretest.Options{}, cart, loyalty)
//	app.Send(Cart.At("alice"), AddItem.Of(item))
//	app.Settle()
//	app.Advance(24 * time.Hour)
//
// Messages of one address are handled one after the other, in the order in which they were sent, and
// those that wait together arrive as one batch, as in production. Handlers run in the goroutine of the
// test.
type App struct {
	t         testing.TB
	options   Options
	retry     Retry
	boxes     *mailboxes
	timers    timers
	now       time.Duration
	sent      []Sent
	elsewhere []Sent
	records   []record
	parked    []Parked
	failure   error
	// invocations counts those of one Settle.
	invocations int
}

// Options say how an [App] behaves.
type Options struct {
	// Retry lets messages that fail be tried again, as in production. Nil: a handler that fails lets the
	// test fail at once.
	Retry *Retry
	// Elsewhere are functions of other servers: what is sent to them is kept for SentTo. What is sent to
	// any other function that the application does not have fails the test, or with Retry parks the
	// address.
	Elsewhere []statewire.TypeName
	// InvocationsMax are those within one Settle before it takes them for an endless cycle. Default:
	// 100,000.
	InvocationsMax int
}

// NewApp makes an application. The test fails when the functions cannot be served together.
func NewApp(t testing.TB, options Options, functions ...statewire.Function) *App {
	t.Helper()
	if options.InvocationsMax == 0 {
		options.InvocationsMax = 100_000
	}
	app := &App{t: t, options: options, boxes: newMailboxes(prepare(t, functions))}
	if options.Retry != nil {
		app.retry = options.Retry.withDefaults()
	}
	return app
}

// Now is the virtual time: how long the application has run.
func (a *App) Now() time.Duration { return a.now }

// Sent is every message that functions sent, in order, delayed ones when they were scheduled.
func (a *App) Sent() []Sent { return slices.Clone(a.sent) }

// SentTo are messages that arrived for an address that the application has no function for.
func (a *App) SentTo(target statewire.Address) []Sent {
	var found []Sent
	for _, sent := range a.elsewhere {
		if sent.Target == target {
			found = append(found, sent)
		}
	}
	return found
}

// Delayed are messages that have not fired, in the order in which they will.
func (a *App) Delayed() []Sent {
	var pending []Sent
	for _, timer := range a.timers {
		if timer.message != nil {
			pending = append(pending, *timer.message)
		}
	}
	return pending
}

// Parked are addresses that run no more. Only with Options.Retry there are any.
func (a *App) Parked() []Parked { return slices.Clone(a.parked) }

// Send puts a message into the target's mailbox, as an ingress does. Settle, Advance or Call handle it.
func (a *App) Send(target statewire.Address, value statewire.TypedValue) {
	a.t.Helper()
	a.SendFrom(statewire.Address{}, target, value)
}

// SendFrom puts a message into the target's mailbox, as a function does.
func (a *App) SendFrom(caller, target statewire.Address, value statewire.TypedValue) {
	a.t.Helper()
	if value.Err() != nil {
		a.t.Fatalf("statewiretest: message: %v", value.Err())
	}
	a.deliver(Sent{Target: target, Caller: caller, Value: value})
}

// Call sends a message, handles everything that comes of it, time apart, and answers with the reply;
// the zero value when the function succeeded without one. The error is that of a function that failed,
// or says that the message has not been handled.
func (a *App) Call(target statewire.Address, value statewire.TypedValue) (statewire.TypedValue, error) {
	a.t.Helper()
	if value.Err() != nil {
		a.t.Fatalf("statewiretest: message: %v", value.Err())
	}
	if a.indexOfParked(target) >= 0 {
		return statewire.TypedValue{}, fmt.Errorf("%v is parked", target)
	}
	var reply statewire.TypedValue
	outcome := fmt.Errorf("%v has not handled the message", target)
	answered := func(answer *statewire.TypedValue, err error) {
		outcome = err
		if answer != nil {
			reply = *answer
		}
	}
	a.boxes.push(a.mailboxOf(target), &message{value: value, wantsReply: true, answered: answered})
	a.settle()
	if a.options.Retry == nil && outcome != nil {
		a.failure = nil // The caller is told.
	}
	a.report()
	return reply, outcome
}

// Settle handles messages until none is left that can be handled now, those with a delay of 0 included.
// The test fails for the first handler that failed, unless Options.Retry is set.
func (a *App) Settle() {
	a.t.Helper()
	a.settle()
	a.report()
}

// Advance lets virtual time pass: delayed messages and retries happen at their time and in their order;
// everything that comes of one moment is handled before the next.
func (a *App) Advance(duration time.Duration) {
	a.t.Helper()
	until := a.now + duration
	a.Settle()
	for a.fireDue(until) {
		a.Settle()
	}
	a.now = until
}

// RetryParked lets a parked address try again, as "statewire parked retry" does: the message that failed
// first. Settle handles it.
func (a *App) RetryParked(target statewire.Address) {
	a.t.Helper()
	a.unpark(target)
	if box := a.boxes.open(target); box != nil {
		box.attempt = 0
		a.boxes.unblock(box)
		return
	}
	a.failUnknown(target) // Nobody serves it now either.
}

// DropParked drops the message that an address is parked for, as "statewire parked drop" does: those
// behind it go on.
func (a *App) DropParked(target statewire.Address) {
	a.t.Helper()
	a.unpark(target)
	if box := a.boxes.open(target); box != nil {
		box.takeFirst()
		a.boxes.unblock(box)
		return
	}
	first := slices.IndexFunc(a.elsewhere, func(sent Sent) bool { return sent.Target == target })
	a.elsewhere = slices.Delete(a.elsewhere, first, first+1)
	if len(a.SentTo(target)) > 0 {
		a.failUnknown(target)
	}
}

// StateOf is a state of one instance, and whether it has a value.
func StateOf[T any](app *App, of statewire.Address, state *statewire.State[T]) (value T, found bool) {
	app.t.Helper()
	box := app.mailboxOf(of)
	return decode(app.t, state, box.state.read(indexOf(app.t, box.state, state), app.now))
}

// SetState writes a state of one instance, as if it had written it now.
func SetState[T any](app *App, of statewire.Address, state *statewire.State[T], value T) {
	app.t.Helper()
	box := app.mailboxOf(of)
	box.state.write(indexOf(app.t, box.state, state), encode(app.t, state, value), app.now)
}

func (a *App) recorded() (testing.TB, []record) { return a.t, a.records }

func (a *App) mailboxOf(address statewire.Address) *mailbox {
	a.t.Helper()
	box := a.boxes.open(address)
	if box == nil {
		a.t.Fatalf("statewiretest: the application has no function for %v", address)
	}
	return box
}

func (a *App) unpark(target statewire.Address) {
	a.t.Helper()
	at := a.indexOfParked(target)
	if at < 0 {
		a.t.Fatalf("statewiretest: %v is not parked", target)
	}
	a.parked = slices.Delete(a.parked, at, at+1)
}

func (a *App) indexOfParked(target statewire.Address) int {
	return slices.IndexFunc(a.parked, func(parked Parked) bool { return parked.Address == target })
}

// report fails the test for what failed since the last report.
func (a *App) report() {
	a.t.Helper()
	failure := a.failure
	a.failure = nil
	if failure != nil {
		a.t.Fatalf("statewiretest: %v", failure)
	}
}
