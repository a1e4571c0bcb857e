package statewire

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/statewire/statewire/sdk-go/internal/session"
	pb "github.com/statewire/statewire/sdk-go/statewirev1"
)

// keeper runs batches at once and gives them back.
type keeper struct{ session *session.Session }

func (k keeper) LoadState(*session.Batch, int) error { return session.ErrLost }
func (k keeper) Finish(batch *session.Batch)         { k.session.Finish(batch) }

// BenchmarkCounter is what a counter message costs without gRPC, goroutines and the decoding of frames.
func BenchmarkCounter(b *testing.B) {
	count := NewState("count", Long)
	counter := Function{Type: "bench/counter", States: States{count}, Handlers: Handlers{
		On(Long, func(ctx *Context, amount int64) error {
			n, err := count.Get(ctx)
			count.Set(ctx, n+amount)
			return err
		})}}
	table, err := register([]Function{counter})
	if err != nil {
		b.Fatal(err)
	}
	offer := Options{}.withDefaults().offer(table)
	s := session.New(context.Background(), &offer, time.Now())
	s.Receive(&pb.RuntimeFrame{Frame: &pb.RuntimeFrame_Hello{Hello: &pb.Hello{
		Versions: []uint32{1},
		Features: []string{"leases"},
		Limits: &pb.Limits{FrameBytesMax: 4 << 20, ValueBytesMax: 1 << 20, IdBytesMax: 512, EffectsMax: 100,
			ResultCreditBytes: 1<<53 - 1},
	}}}, 100, 0)
	run := &runner{table: table, logger: slog.Default(), failed: func(*session.Batch, int, error) { b.Fatal("failed") }}
	const perFrame = 64
	inputs := []*pb.Input{{Typename: Long.Typename(), Value: Long.Of(1).Bytes}}
	ids := make([]string, perFrame)
	for i := range ids {
		ids[i] = fmt.Sprint("instance-", i)
	}
	invocations := make([]*pb.Invocation, perFrame)
	for i := range invocations {
		invocations[i] = &pb.Invocation{Type: 1, Id: ids[i], Inputs: inputs}
	}
	frame := &pb.RuntimeFrame{Frame: &pb.RuntimeFrame_Invocations{Invocations: &pb.InvocationBatch{Invocations: invocations}}}
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; done += perFrame {
		for i, invocation := range invocations {
			invocation.Lease = invocation.InvocationId
			invocation.InvocationId = uint64(done + i + 1)
		}
		for _, batch := range s.Receive(frame, 100, 0).Run {
			run.run(batch, keeper{s})
		}
		if s.TakeResults(0) == nil {
			b.Fatal("no results")
		}
	}
}
