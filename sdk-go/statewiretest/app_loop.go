package statewiretest

import (
	"encoding/base64"
	"fmt"
	"slices"
	"time"

	statewire "github.com/statewire/statewire/sdk-go"
	pb "github.com/statewire/statewire/sdk-go/statewirev1"
)

func (a *App) settle() {
	a.t.Helper()
	a.invocations = 0
	for {
		for box := a.boxes.takeReady(); box != nil; box = a.boxes.takeReady() {
			a.invocations++
			if a.invocations > a.options.InvocationsMax {
				a.t.Fatalf("statewiretest: not settled after InvocationsMax %d invocations", a.options.InvocationsMax)
			}
			a.runBatch(box)
		}
		if !a.fireDue(a.now) {
			return
		}
	}
}

// fireDue moves time to what is due next, if that is by then, and lets it happen.
func (a *App) fireDue(until time.Duration) bool {
	due, rest := a.timers.takeNext(until)
	a.timers = rest
	for _, timer := range due {
		a.now = max(a.now, timer.due)
		if timer.message != nil {
			a.deliver(*timer.message)
		} else {
			a.boxes.unblock(timer.retry)
		}
	}
	return len(due) > 0
}

func (a *App) deliver(sent Sent) {
	if box := a.boxes.open(sent.Target); box != nil {
		a.boxes.push(box, &message{value: sent.Value, caller: sent.Caller})
		return
	}
	a.elsewhere = append(a.elsewhere, sent)
	name := sent.Target.Type
	wildcard := statewire.TypeName(name.Namespace() + "/*")
	if !slices.Contains(a.options.Elsewhere, name) && !slices.Contains(a.options.Elsewhere, wildcard) {
		a.failUnknown(sent.Target)
	}
}

// failUnknown: nobody would learn of a message that goes nowhere. A runtime parks its address.
func (a *App) failUnknown(target statewire.Address) {
	err := fmt.Errorf("unknown function type %s: the application has no function for %v, and Options.Elsewhere "+
		"does not name it", target.Type, target)
	switch {
	case a.options.Retry != nil && a.indexOfParked(target) < 0:
		a.parked = append(a.parked, Parked{Address: target, Code: "unknownType", Err: err})
	case a.options.Retry == nil && a.failure == nil:
		a.failure = err
	}
}

func (a *App) runBatch(box *mailbox) {
	messages := box.takeBatch()
	result, failed := localRun{
		function: box.function,
		target:   box.address,
		messages: messages,
		state:    box.state,
		attempt:  box.attempt,
		now:      a.now,
	}.run()
	if result == nil {
		a.t.Fatalf("statewiretest: %v", failed)
	}
	if refused := a.apply(box, result); refused != nil {
		a.refuse(box, messages, refused)
		return
	}
	completed := len(messages)
	if result.Failure != nil {
		completed = int(result.Failure.CompletedInputs)
	}
	answerHandled(messages[:completed], result)
	if result.Failure == nil {
		a.boxes.release(box)
		return
	}
	a.handleFailure(box, messages[completed:], failedRun{err: failed, failure: result.Failure, isFirst: completed == 0})
}

// refuse: a refused result has no effects at all, as in production.
func (a *App) refuse(box *mailbox, messages []*message, refused error) {
	if len(messages) > 1 {
		// The fault may be a later message's: the first one goes alone. [RESULT-11]
		box.putBack(messages, box.attempt)
		box.isSingle = true
		a.boxes.unblock(box)
		return
	}
	a.handleFailure(box, messages, failedRun{err: refused, isFirst: true})
}

// apply applies a result whole or not at all: timers may refuse, so they go first, on a copy.
func (a *App) apply(box *mailbox, result *pb.Result) error {
	pending := slices.Clone(a.timers)
	var sent []Sent
	for _, send := range result.Sends {
		sent = append(sent, toSent(send, box.address))
	}
	immediate := len(sent)
	for _, change := range result.TimerChanges {
		switch kind := change.Change.(type) {
		case *pb.TimerChange_Cancel:
			pending = pending.cancel(box.address.ID, kind.Cancel)
		case *pb.TimerChange_Schedule:
			delayed := toDelayed(kind.Schedule, box.address)
			sent = append(sent, delayed)
			var err error
			added := timer{due: a.now + delayed.Delay, message: &delayed, scope: box.address.ID, token: delayed.Token}
			if pending, err = pending.schedule(added); err != nil {
				return err
			}
		}
	}
	a.timers = pending
	box.state.apply(result.StateChanges, a.now)
	for _, published := range result.EgressRecords {
		a.records = append(a.records, toRecord(published))
	}
	a.sent = append(a.sent, sent...)
	for _, message := range sent[:immediate] {
		a.deliver(message)
	}
	return nil
}

// failedRun is a run that failed, and why.
type failedRun struct {
	err error
	// failure is nil when the result was refused.
	failure *pb.Failure
	// isFirst: the first message of the batch has failed.
	isFirst bool
}

// handleFailure decides about the message that failed and those behind it.
func (a *App) handleFailure(box *mailbox, failed []*message, run failedRun) {
	if !run.isFirst {
		box.attempt = 0
	}
	box.isSingle = false
	box.putBack(failed, box.attempt+1)
	if box.attempt == 1 {
		box.firstFailedAt = a.now
	}
	if a.options.Retry == nil {
		answer(box.takeFirst(), nil, run.err)
		if a.failure == nil {
			a.failure = fmt.Errorf("%v failed: %w", box.address, run.err)
		}
		a.boxes.release(box)
		return
	}
	if a.retry.givesUp(run.failure, box.attempt) {
		a.giveUp(box, run)
		return
	}
	delay := a.retry.delay(box.attempt)
	if run.failure != nil {
		delay = max(delay, time.Duration(run.failure.RetryAfterMs)*time.Millisecond)
	}
	a.timers, _ = a.timers.schedule(timer{due: a.now + delay, retry: box})
}

// giveUp parks the address, or sends the message to the dead letter egress and goes on.
func (a *App) giveUp(box *mailbox, run failedRun) {
	code := codeOf(run.failure)
	if a.retry.DeadLetterEgress == "" {
		answer(box.waiting[0], nil, run.err)
		a.parked = append(a.parked, Parked{Address: box.address, Code: code, Err: run.err, Attempts: box.attempt})
		return
	}
	attempts := box.attempt
	given := box.takeFirst()
	letter := statewire.DeadLetter{
		Function:        string(box.address.Type),
		ID:              box.address.ID,
		Typename:        given.value.Typename,
		Code:            code,
		Error:           run.err.Error(),
		Attempts:        uint64(attempts),
		FirstFailedAtMs: uint64(box.firstFailedAt / time.Millisecond),
		LastFailedAtMs:  uint64(a.now / time.Millisecond),
	}
	if given.caller != (statewire.Address{}) {
		letter.Caller = &statewire.DeadLetterCaller{Function: string(given.caller.Type), ID: given.caller.ID}
	}
	if given.value.Bytes != nil {
		text := base64.StdEncoding.EncodeToString(given.value.Bytes)
		letter.Base64 = &text
	}
	a.records = append(a.records, record{a.retry.DeadLetterEgress, statewire.DeadLetterType.Of(letter)})
	answer(given, nil, run.err)
	a.boxes.release(box)
}

// answerHandled tells whoever waits for messages that were handled.
func answerHandled(completed []*message, result *pb.Result) {
	for i, message := range completed {
		var reply *statewire.TypedValue
		for _, sent := range result.Replies {
			if int(sent.Input) == i {
				reply = &statewire.TypedValue{Typename: sent.Typename, Bytes: sent.Value}
			}
		}
		answer(message, reply, nil)
	}
}

func answer(message *message, reply *statewire.TypedValue, err error) {
	if message.answered != nil {
		message.answered(reply, err)
	}
}
