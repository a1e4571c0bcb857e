module github.com/statewire/statewire/examples/flights/go

go 1.24.0

require github.com/statewire/statewire/sdk-go v0.0.0

replace github.com/statewire/statewire/sdk-go => ../../../sdk-go
