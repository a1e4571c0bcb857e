// The counter of the workload, on the Go SDK: see ../../src/functions/counter-functions.ts. With
// BENCH_PROFILE set, a CPU profile of its life is written there.
package main

import (
	"context"
	"encoding/binary"
	"log"
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"

	statewire "github.com/statewire/statewire/sdk-go"
)

// stateBytes are the count, least byte first, and as many other bytes as a small record has.
const stateBytes = 38

var (
	total = statewire.NewState("total", statewire.Bytes("bench/counter-state"))

	counter = statewire.Function{
		Type:     "bench/counter",
		States:   statewire.States{total},
		Handlers: statewire.Handlers{statewire.On(statewire.Long, add)},
	}
)

// add adds, and replies with the sum to whoever waits for it.
func add(ctx *statewire.Context, amount int64) error {
	record, found, err := total.Lookup(ctx)
	if err != nil {
		return err
	}
	if !found {
		record = make([]byte, stateBytes)
	}
	count := binary.LittleEndian.Uint64(record) + uint64(amount)
	binary.LittleEndian.PutUint64(record, count)
	total.Set(ctx, record)
	if ctx.WantsReply() {
		ctx.Reply(statewire.Long.Of(int64(count)))
	}
	return nil
}

func main() {
	if path := os.Getenv("BENCH_PROFILE"); path != "" {
		file, err := os.Create(path)
		if err != nil {
			log.Fatal(err)
		}
		if err := pprof.StartCPUProfile(file); err != nil {
			log.Fatal(err)
		}
		defer pprof.StopCPUProfile()
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := statewire.Serve(ctx, statewire.Options{Address: os.Getenv("BENCH_ADDRESS")}, counter); err != nil {
		log.Fatal(err)
	}
}
