// The function that the conformance kit drives, as INTERPRETER.md describes it.
package main

import (
	"context"
	"log"
	"os"
	"os/signal"
	"syscall"

	statewire "github.com/statewire/statewire/sdk-go"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	options := statewire.Options{Address: os.Getenv("CONFORMANCE_ADDRESS")}
	if err := statewire.Serve(ctx, options, interpreter, limited, anyType); err != nil {
		log.Fatal(err)
	}
}
