// Package local lets package statewiretest run functions of package statewire without a server.
package local

import (
	"github.com/statewire/statewire/sdk-go/internal/session"
	"github.com/statewire/statewire/sdk-go/internal/transport"
	pb "github.com/statewire/statewire/sdk-go/statewirev1"
)

// Function is a function that can be run.
type Function struct {
	Spec *pb.FunctionSpec
	// Run runs a batch until it has ended. The error is that of the input that failed.
	Run func(batch *session.Batch, loader transport.Loader) error
}

// Prepare checks functions, a []statewire.Function, and makes them ready. Package statewire sets it.
var Prepare func(functions any) ([]Function, error)
