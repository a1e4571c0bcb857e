// The merchant and the counter of the fraud detection, in Go: the same addresses, messages and states as
// those of ../src/functions.ts, so a module may name either server for them.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	statewire "github.com/statewire/statewire/sdk-go"
)

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

// run serves at the address of the first argument; port 0 is any free one. The first line on standard
// output is the address that it became.
func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	address := "127.0.0.1:7501"
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	server, err := statewire.Start(ctx, statewire.Options{Address: address}, counter, merchant)
	if err != nil {
		return err
	}
	fmt.Println(server.Addr())
	<-ctx.Done()
	patience, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return server.Shutdown(patience)
}
