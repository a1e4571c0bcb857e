package statewire

import (
	"log/slog"

	"github.com/statewire/statewire/sdk-go/internal/local"
	"github.com/statewire/statewire/sdk-go/internal/session"
	"github.com/statewire/statewire/sdk-go/internal/transport"
)

func init() { local.Prepare = prepareLocally }

// prepareLocally serves package statewiretest.
func prepareLocally(functions any) ([]local.Function, error) {
	table, err := register(functions.([]Function))
	if err != nil {
		return nil, err
	}
	var prepared []local.Function
	for _, function := range table {
		run := func(batch *session.Batch, loader transport.Loader) (failed error) {
			note := func(_ *session.Batch, _ int, err error) { failed = err }
			(&runner{table: []*registered{function}, logger: slog.Default(), failed: note}).run(batch, noKeeper{loader})
			return failed
		}
		prepared = append(prepared, local.Function{Spec: function.spec(), Run: run})
	}
	return prepared, nil
}

// noKeeper needs no batch back.
type noKeeper struct{ transport.Loader }

func (noKeeper) Finish(*session.Batch) {}
