package statewire

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/statewire/statewire/sdk-go/internal/session"
)

// failuresPerSecond are logged; a function that fails for every message must not spend its time on
// saying so.
const failuresPerSecond = 20

// eventLog writes what happens while serving as structured log records.
type eventLog struct {
	logger *slog.Logger

	mu          sync.Mutex
	secondStart time.Time
	failures    int
}

func newEventLog(logger *slog.Logger) *eventLog { return &eventLog{logger: logger} }

func (l *eventLog) Connected(peer string) {
	l.logger.Debug("statewire: connected", "peer", peer)
}

func (l *eventLog) Disconnected(peer string, reason error) {
	l.logger.Debug("statewire: stream ended", "peer", peer, "reason", reason)
}

// Redialling is a trouble once, not once per attempt.
func (l *eventLog) Redialling(peer string, reason error, delay time.Duration, failures int) {
	record := l.logger.Debug
	if failures == 1 {
		record = l.logger.Warn
	}
	record("statewire: runtime is not reached, dialling on", "peer", peer, "reason", reason, "delay", delay, "failures", failures)
}

func (l *eventLog) ProtocolError(peer string, end *session.End) {
	brokenBy := "server"
	if end.ByRuntime {
		brokenBy = "runtime"
	}
	l.logger.Error("statewire: protocol error", "peer", peer, "brokenBy", brokenBy, "clause", end.Clause, "message", end.Message)
}

func (l *eventLog) Expired(batch *session.Batch) {
	l.failed(batch, batch.Attempt(0), newError(CodeTimeout, nil, "no result within %v", batch.Timeout))
}

// failed records a message that failed; attempt is how many attempts had failed before.
func (l *eventLog) failed(batch *session.Batch, attempt int, err error) {
	omitted, isShown := l.admit()
	if omitted > 0 {
		l.logger.Warn("statewire: more messages failed than were logged", "omitted", omitted)
	}
	if !isShown {
		return
	}
	fields := []any{"function", batch.TypeName, "id", batch.ID, "attempt", attempt + 1, "error", err}
	var own *Error
	if errors.As(err, &own) {
		fields = append(fields, "code", string(own.Code))
		if own.Stack != "" && attempt == 0 {
			fields = append(fields, "stack", own.Stack)
		}
	}
	l.logger.Warn("statewire: message failed", fields...)
}

func (l *eventLog) admit() (omitted int, isShown bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if now.Sub(l.secondStart) >= time.Second {
		omitted = max(0, l.failures-failuresPerSecond)
		l.secondStart, l.failures = now, 0
	}
	l.failures++
	return omitted, l.failures <= failuresPerSecond
}
