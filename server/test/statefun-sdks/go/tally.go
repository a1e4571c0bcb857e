package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/apache/flink-statefun/statefun-sdk-go/v3/pkg/statefun"
)

var (
	accountType = statefun.TypeNameFrom("tally/account")
	totalType   = statefun.TypeNameFrom("tally/total")
	outEgress   = statefun.TypeNameFrom("tally/out")

	count   = statefun.ValueSpec{Name: "count", ValueType: statefun.Int32Type}
	seen    = statefun.ValueSpec{Name: "seen", ValueType: statefun.StringType, Expiration: statefun.ExpireAfterWrite(time.Hour)}
	touched = statefun.ValueSpec{Name: "touched", ValueType: statefun.StringType, Expiration: statefun.ExpireAfterCall(time.Hour)}
	total   = statefun.ValueSpec{Name: "total", ValueType: statefun.Int32Type}
)

func record(context statefun.Context, format string, values ...interface{}) {
	context.SendEgress(statefun.GenericEgressBuilder{
		Target: outEgress, Value: fmt.Sprintf(format, values...), ValueType: statefun.StringType,
	})
}

func textTo(id string, text string) statefun.MessageBuilder {
	return statefun.MessageBuilder{
		Target: statefun.Address{FunctionType: accountType, Id: id}, Value: text, ValueType: statefun.StringType,
	}
}

func add(context statefun.Context, spec statefun.ValueSpec, amount int32) int32 {
	var sum int32
	context.Storage().Get(spec, &sum)
	sum += amount
	context.Storage().Set(spec, sum)
	return sum
}

func account(context statefun.Context, message statefun.Message) error {
	id := context.Self().Id
	if message.IsInt32() {
		sum := add(context, count, message.AsInt32())
		context.Storage().Set(seen, "yes")
		context.Storage().Set(touched, "yes")
		context.Send(statefun.MessageBuilder{
			Target:    statefun.Address{FunctionType: totalType, Id: "all"},
			Value:     message.AsInt32(),
			ValueType: statefun.Int32Type,
		})
		record(context, "%s %d", id, sum)
		return nil
	}
	return obey(context, message.AsString())
}

func obey(context statefun.Context, text string) error {
	id := context.Self().Id
	command, other, _ := strings.Cut(text, " ")
	switch command {
	case "report":
		var sum int32
		if context.Storage().Get(count, &sum) {
			record(context, "%s count=%d", id, sum)
		} else {
			record(context, "%s count=none", id)
		}
	case "forget":
		context.Storage().Remove(count)
	case "remind":
		context.SendAfter(5*time.Millisecond, textTo(id, "report"))
	case "recant":
		token, err := statefun.NewCancellationToken("recanted")
		if err != nil {
			return err
		}
		context.SendAfterWithCancellationToken(5*time.Millisecond, token, textTo(id, "report"))
		context.CancelDelayedMessage(token)
	case "ask":
		context.Send(textTo(other, "who"))
	case "who":
		caller := "nobody"
		if context.Caller() != nil {
			caller = context.Caller().Id
		}
		record(context, "%s asked by %s", id, caller)
	default:
		return fmt.Errorf("no command %s", command)
	}
	return nil
}

func addUp(context statefun.Context, message statefun.Message) error {
	add(context, total, message.AsInt32())
	return nil
}

func main() {
	builder := statefun.StatefulFunctionsBuilder()
	for _, spec := range []statefun.StatefulFunctionSpec{
		{
			FunctionType: accountType,
			States:       []statefun.ValueSpec{count, seen, touched},
			Function:     statefun.StatefulFunctionPointer(account),
		},
		{
			FunctionType: totalType,
			States:       []statefun.ValueSpec{total},
			Function:     statefun.StatefulFunctionPointer(addUp),
		},
	} {
		if err := builder.WithSpec(spec); err != nil {
			panic(err)
		}
	}
	port := "0"
	if len(os.Args) > 1 {
		port = os.Args[1]
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	panic(http.Serve(listener, builder.AsHandler()))
}
