// The routes of the flights, served in Go.
//
//	routes [HOST:PORT]           serves there (127.0.0.1:7500); the first line printed is the address
//	routes --health HOST:PORT    exit code 0 when the function server there is healthy
//
// FLIGHTS_ATTACH_TO names runtimes to dial as well, separated by commas.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"

	statewire "github.com/statewire/statewire/sdk-go"
)

const healthPatience = 2 * time.Second

func main() {
	health := flag.String("health", "", "check the function server at `HOST:PORT`, and end")
	flag.Parse()
	if err := run(*health, flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "routes:", err)
		os.Exit(1)
	}
}

func run(health, address string) error {
	if health != "" {
		return checkHealth(health)
	}
	if address == "" {
		address = "127.0.0.1:7500"
	}
	return serve(address)
}

func serve(address string) error {
	options := statewire.Options{Address: address}
	if runtimes := os.Getenv("FLIGHTS_ATTACH_TO"); runtimes != "" {
		options.AttachTo = strings.Split(runtimes, ",")
	}
	server, err := statewire.Start(context.Background(), options, route)
	if err != nil {
		return err
	}
	fmt.Println(server.Addr())
	stopped, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	<-stopped.Done()
	patience, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return server.Shutdown(patience)
}

func checkHealth(address string) error {
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer func() { _ = connection.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), healthPatience)
	defer cancel()
	answer, err := grpc_health_v1.NewHealthClient(connection).Check(ctx, &grpc_health_v1.HealthCheckRequest{})
	if err != nil {
		return err
	}
	if answer.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
		return errors.New("it is " + answer.GetStatus().String())
	}
	return nil
}
