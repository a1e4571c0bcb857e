// The function that the conformance kit drives, as INTERPRETER.md describes it.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log"
	"os"
	"os/signal"
	"syscall"

	statewire "github.com/statewire/statewire/sdk-go"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	options := statewire.Options{
		Address:       os.Getenv("CONFORMANCE_ADDRESS"),
		TLS:           security(),
		Authorization: os.Getenv("CONFORMANCE_AUTHORIZATION"),
	}
	if runtime := os.Getenv("CONFORMANCE_DIAL"); runtime != "" {
		options.AttachTo = []string{runtime}
	}
	if err := statewire.Serve(ctx, options, interpreter, limited, anyType); err != nil {
		log.Fatal(err)
	}
}

// security is TLS as CONNECTING.md describes it; nil when the kit asks for none.
func security() *tls.Config {
	certificate, authority := os.Getenv("CONFORMANCE_TLS_CERT"), os.Getenv("CONFORMANCE_TLS_CA")
	if certificate == "" {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(certificate, os.Getenv("CONFORMANCE_TLS_KEY"))
	if err != nil {
		log.Fatal(err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{pair}}
	if authority != "" {
		pem, err := os.ReadFile(authority)
		if err != nil {
			log.Fatal(err)
		}
		config.RootCAs = x509.NewCertPool()
		config.RootCAs.AppendCertsFromPEM(pem)
		config.ClientCAs, config.ClientAuth = config.RootCAs, tls.RequireAndVerifyClientCert
	}
	return config
}
