package transport

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const authorizationKey = "authorization"

// authorize refuses a call that does not carry the authorization that is asked for, if any is. [TLS-2]
func authorize(ctx context.Context, expected string) error {
	if expected == "" {
		return nil
	}
	if sent := metadata.ValueFromIncomingContext(ctx, authorizationKey); len(sent) == 1 {
		// Digests are of equal length whatever was sent.
		got, want := sha256.Sum256([]byte(sent[0])), sha256.Sum256([]byte(expected))
		if subtle.ConstantTimeCompare(got[:], want[:]) == 1 {
			return nil
		}
	}
	return status.Error(codes.Unauthenticated,
		"the authorization is missing, or another one than this server expects")
}

// withAuthorization is the context of a call that this side makes.
func withAuthorization(ctx context.Context, authorization string) context.Context {
	if authorization == "" {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, authorizationKey, authorization)
}
