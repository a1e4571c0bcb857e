package statewire_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"log/slog"
	"math/big"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	statewire "github.com/statewire/statewire/sdk-go"
	pb "github.com/statewire/statewire/sdk-go/statewirev1"
)

// gateway is a runtime's port that function servers dial. Each call lasts until its test ends it.
type gateway struct {
	pb.UnimplementedFunctionGatewayServer
	attached chan attached
}

type attached struct {
	stream grpc.BidiStreamingServer[pb.ServerFrame, pb.RuntimeFrame]
	end    chan error
}

func (g *gateway) Attach(stream grpc.BidiStreamingServer[pb.ServerFrame, pb.RuntimeFrame]) error {
	call := attached{stream, make(chan error, 1)}
	g.attached <- call
	select {
	case err := <-call.end:
		return err
	case <-stream.Context().Done():
		return stream.Context().Err()
	}
}

// listen serves a gateway on a free port.
func listen(t *testing.T, options ...grpc.ServerOption) (*gateway, string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	runtime := &gateway{attached: make(chan attached, 10)}
	server := grpc.NewServer(options...)
	pb.RegisterFunctionGatewayServer(server, runtime)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return runtime, listener.Addr().String()
}

// next is the next function server that dials, after its handshake.
func (g *gateway) next(t *testing.T) (*runtimeStream, chan error) {
	t.Helper()
	select {
	case call := <-g.attached:
		stream := &runtimeStream{t: t, frames: call.stream}
		stream.greet()
		return stream, call.end
	case <-time.After(patience):
		t.Fatal("no function server has dialled")
		return nil, nil
	}
}

func echo() statewire.Function {
	return handling(func(ctx *statewire.Context, text string) error {
		ctx.Reply(statewire.String.Of(text))
		return nil
	})
}

func TestAServerDialsARuntimeAgainAndAgain(t *testing.T) {
	log := &lockedBuffer{}
	runtime, address := listen(t)
	serving(t, statewire.Options{AttachTo: []string{address}, Logger: slog.New(slog.NewTextHandler(log, nil))}, echo())
	for range 3 {
		stream, end := runtime.next(t)
		stream.invoke(&pb.Invocation{Id: "a", Inputs: []*pb.Input{text("hi")}})
		if result := stream.results(1)[0]; len(result.Replies) != 1 {
			t.Errorf("result %v", result)
		}
		end <- status.Error(codes.Unavailable, "restarting")
	}
	log.await(t, `Unavailable: restarting`)
}

func TestAServerThatDialledDrains(t *testing.T) {
	runtime, address := listen(t)
	server := serving(t, statewire.Options{AttachTo: []string{address}}, echo())
	if server.Addr() != nil {
		t.Errorf("address %v", server.Addr())
	}
	stream, end := runtime.next(t)
	ended := make(chan error, 1)
	go func() { ended <- server.Shutdown(context.Background()) }()
	if stream.next().GetDrain() == nil {
		t.Fatal("no drain")
	}
	end <- nil
	if err := <-ended; err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

func TestAServerThatDialledReportsABrokenClause(t *testing.T) {
	runtime, address := listen(t)
	serving(t, statewire.Options{AttachTo: []string{address}}, echo())
	stream, _ := runtime.next(t)
	stream.invoke(&pb.Invocation{Id: "a"})
	if broken := stream.next().GetError(); broken.GetClause() != "INVOKE-4" {
		t.Errorf("error %v", broken)
	}
	// The server half-closes: nothing more comes.
	if frame, err := stream.frames.Recv(); err == nil {
		t.Errorf("after the error came %v", frame)
	}
}

func TestMutualTLSWhoeverDials(t *testing.T) {
	pool, certificate := certificates(t)
	both := &tls.Config{
		Certificates: []tls.Certificate{certificate},
		RootCAs:      pool,
		ClientCAs:    pool,
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ServerName:   "localhost",
	}
	server := serving(t, statewire.Options{TLS: both}, echo())
	stream, _ := connectOver(t, dial(t, server, credentials.NewTLS(both)))
	stream.invoke(&pb.Invocation{Id: "a", Inputs: []*pb.Input{text("hi")}})
	stream.results(1)

	stranger := credentials.NewTLS(&tls.Config{RootCAs: pool, ServerName: "localhost"})
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, err := pb.NewFunctionServerClient(dial(t, server, stranger)).Discover(ctx, &pb.DiscoverRequest{Versions: []uint32{1}})
	if status.Code(err) != codes.Unavailable {
		t.Errorf("a stranger got %v", err)
	}

	runtime, address := listen(t, grpc.Creds(credentials.NewTLS(both)))
	serving(t, statewire.Options{AttachTo: []string{address}, TLS: both}, echo())
	dialled, _ := runtime.next(t)
	dialled.invoke(&pb.Invocation{Id: "a", Inputs: []*pb.Input{text("hi")}})
	dialled.results(1)
}

func TestAuthorizationWhoeverDials(t *testing.T) {
	const known = "Bearer s3cret"
	server := serving(t, statewire.Options{Authorization: known}, echo())
	client := pb.NewFunctionServerClient(dial(t, server, nil))
	for sent, want := range map[string]codes.Code{known: codes.OK, "Bearer other": codes.Unauthenticated, "": codes.Unauthenticated} {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		if sent != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, "authorization", sent)
		}
		if _, err := client.Discover(ctx, &pb.DiscoverRequest{Versions: []uint32{1}}); status.Code(err) != want {
			t.Errorf("%q: %v", sent, err)
		}
		cancel()
	}

	runtime, address := listen(t)
	serving(t, statewire.Options{AttachTo: []string{address}, Authorization: known}, echo())
	stream, _ := runtime.next(t)
	if sent := metadata.ValueFromIncomingContext(stream.frames.(grpc.ServerStream).Context(), "authorization"); len(sent) != 1 || sent[0] != known {
		t.Errorf("sent %q", sent)
	}
}

// certificates makes an authority that signs itself, for localhost.
func certificates(t *testing.T) (*x509.CertPool, tls.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "test"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		DNSNames:              []string{"localhost"},
	}
	encoded, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(encoded)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(certificate)
	return pool, tls.Certificate{Certificate: [][]byte{encoded}, PrivateKey: key}
}
