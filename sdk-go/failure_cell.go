package statewire

import "sync/atomic"

// failureCell keeps the first error of several goroutines.
type failureCell struct{ first atomic.Pointer[error] }

func (f *failureCell) store(err error) { f.first.CompareAndSwap(nil, &err) }

func (f *failureCell) load() error {
	if first := f.first.Load(); first != nil {
		return *first
	}
	return nil
}
