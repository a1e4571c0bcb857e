package statewiretest

import (
	"fmt"
	"slices"
	"time"
)

// timer is something that happens at a time: a delayed message is due, or a failed address may try
// again.
type timer struct {
	due     time.Duration
	message *Sent
	retry   *mailbox
	// scope is whose tokens it is among: tokens belong to the sender's id, whatever its type.
	scope string
	// token is empty when it cannot be cancelled.
	token string
}

// timers are delayed messages in virtual time: fired in order of their due time, and of their
// scheduling where that is the same.
type timers []timer

// schedule fails when the token is pending in its scope. [TIMER-4]
func (t timers) schedule(added timer) (timers, error) {
	if added.token != "" && t.find(added.scope, added.token) >= 0 {
		return t, fmt.Errorf("cancellation token %q is pending already for id %q [TIMER-4]", added.token, added.scope)
	}
	at := slices.IndexFunc(t, func(other timer) bool { return other.due > added.due })
	if at < 0 {
		at = len(t)
	}
	return slices.Insert(t, at, added), nil
}

// cancel ignores a token that is not pending.
func (t timers) cancel(scope, token string) timers {
	if at := t.find(scope, token); at >= 0 {
		return slices.Delete(t, at, at+1)
	}
	return t
}

func (t timers) find(scope, token string) int {
	return slices.IndexFunc(t, func(other timer) bool { return other.scope == scope && other.token == token })
}

// takeNext takes out all that are due first, if they are due by then.
func (t timers) takeNext(until time.Duration) (due, rest timers) {
	if len(t) == 0 || t[0].due > until {
		return nil, t
	}
	count := 0
	for count < len(t) && t[count].due == t[0].due {
		count++
	}
	return t[:count], slices.Clone(t[count:])
}
