package main

import (
	"encoding/json"

	statewire "github.com/statewire/statewire/sdk-go"
)

// command is one of INTERPRETER.md.
type command struct {
	Op    string `json:"op"`
	State string `json:"state"`
	content
	target
	Times        *int   `json:"times"`
	DelayMs      int64  `json:"delayMs"`
	Token        string `json:"token"`
	Egress       string `json:"egress"`
	Message      string `json:"message"`
	Retryable    *bool  `json:"retryable"`
	RetryAfterMs int64  `json:"retryAfterMs"`
	Ms           int64  `json:"ms"`
}

// content is what a command sends, or sets.
type content struct {
	Commands json.RawMessage `json:"commands"`
	Typename string          `json:"typename"`
	Text     *string         `json:"text"`
	Zeros    *int            `json:"zeros"`
}

// target is where a command sends to.
type target struct {
	To   string `json:"to"`
	Type string `json:"type"`
	ID   string `json:"id"`
}

// bytes are the text or the zeros; nil when there are neither.
func (c content) bytes() []byte {
	switch {
	case c.Zeros != nil:
		return make([]byte, *c.Zeros)
	case c.Text != nil:
		return []byte(*c.Text)
	}
	return nil
}

// typed is the commands, the text, the zeros, or, with a typename alone, no value.
func (c content) typed() statewire.TypedValue {
	if c.Commands != nil {
		return statewire.TypedValue{Typename: commands.Typename(), Bytes: c.Commands}
	}
	typename := c.Typename
	if typename == "" {
		typename = "conformance/text"
	}
	return statewire.TypedValue{Typename: typename, Bytes: c.bytes()}
}

func (t target) address(ctx *statewire.Context) statewire.Address {
	switch t.To {
	case "self":
		return ctx.Self()
	case "caller":
		caller, _ := ctx.Caller()
		return caller
	}
	if t.Type == "" {
		return interpreterType.At(t.ID)
	}
	return statewire.TypeName(t.Type).At(t.ID)
}
