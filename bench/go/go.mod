module github.com/statewire/statewire/bench/go

go 1.23.0

require (
	github.com/statewire/statewire/sdk-go v0.0.0
	google.golang.org/grpc v1.74.3
)

require (
	golang.org/x/net v0.40.0 // indirect
	golang.org/x/sys v0.33.0 // indirect
	golang.org/x/text v0.25.0 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20250528174236-200df99c418a // indirect
	google.golang.org/protobuf v1.36.11 // indirect
)

replace github.com/statewire/statewire/sdk-go => ../../sdk-go
