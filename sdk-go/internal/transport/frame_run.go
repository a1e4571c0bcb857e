package transport

import (
	"runtime"
	"sync/atomic"
	"time"

	"github.com/statewire/statewire/sdk-go/internal/session"
)

/*
A goroutine for each batch costs more than most handlers do: its stack grows anew each time. So the
batches of a frame share a few goroutines, where their functions have been quick of late; the others
have one each. A handler that blocks all the same holds its neighbours up for a moment: after stuckAfter there
is one goroutine more for them, then two, then four, and so on.
*/
const (
	// quickRun is how long a batch of a quick function takes at most.
	quickRun = 100 * time.Microsecond
	// A function is quick from scoreMin on. Each quick run adds one, up to scoreMax; each other takes
	// slowCost: some are late because the machine is busy.
	scoreMin   = 64
	scoreMax   = 256
	slowCost   = 32
	stuckAfter = time.Millisecond
	// batchesPerGoroutine is what it takes to make another goroutine worth while.
	batchesPerGoroutine = 16
)

// pace learns which functions are quick, by their position in the table.
type pace struct{ scores []atomic.Int32 }

func newPace(functions int) *pace { return &pace{make([]atomic.Int32, functions)} }

func (p *pace) isQuick(function int) bool {
	return p.scores[function].Load() >= scoreMin
}

func (p *pace) note(function int, took time.Duration) {
	score := &p.scores[function]
	switch now := score.Load(); {
	case took > quickRun:
		score.Store(max(0, now-slowCost))
	case now < scoreMax:
		score.Store(now + 1) // One that another goroutine adds may be lost.
	}
}

// noteWait: a function that waits for state is not quick.
func (p *pace) noteWait(function int) { p.scores[function].Store(0) }

// frameRun are the quick batches of one frame.
type frameRun struct {
	stream  *stream
	batches []*session.Batch
	// next is the first that has not begun.
	next atomic.Int64
	// help is how many goroutines are added when it is stuck again.
	help int
}

// runAll runs the batches of a frame.
func (s *stream) runAll(batches []*session.Batch) {
	quick := batches[:0]
	for _, batch := range batches {
		if s.host.pace.isQuick(batch.Function) {
			quick = append(quick, batch)
		} else {
			go s.runBatch(batch)
		}
	}
	if len(quick) == 0 {
		return
	}
	run := &frameRun{stream: s, batches: quick, help: 1}
	if len(quick) > 1 {
		time.AfterFunc(stuckAfter, run.addHelp)
	}
	run.start(min(runtime.GOMAXPROCS(0), 1+len(quick)/batchesPerGoroutine))
}

// start lets so many goroutines work on the run.
func (r *frameRun) start(goroutines int) {
	for range goroutines {
		select {
		case r.stream.quickWork <- r:
		default:
			go r.stream.workQuick(r)
		}
	}
}

// workQuick works on quick batches until the stream ends, or enough others wait for work: a goroutine
// that stays keeps its stack.
func (s *stream) workQuick(run *frameRun) {
	for {
		run.work()
		if s.quickIdle.Add(1) > int32(runtime.GOMAXPROCS(0)) {
			s.quickIdle.Add(-1)
			return
		}
		select {
		case run = <-s.quickWork:
			s.quickIdle.Add(-1)
		case <-s.ctx.Done():
			return
		}
	}
}

func (r *frameRun) work() {
	for batch := r.take(); batch != nil; batch = r.take() {
		r.stream.runBatch(batch)
	}
}

// addHelp looks whether the run is stuck, and again later while it is.
func (r *frameRun) addHelp() {
	left := len(r.batches) - int(r.next.Load())
	if left <= 0 {
		return
	}
	r.start(min(r.help, left))
	r.help *= 2
	time.AfterFunc(stuckAfter, r.addHelp)
}

func (r *frameRun) take() *session.Batch {
	at := r.next.Add(1) - 1
	if at >= int64(len(r.batches)) {
		return nil
	}
	return r.batches[at]
}
