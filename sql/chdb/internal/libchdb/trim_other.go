//go:build !linux

package libchdb

// Trim gives back memory of the library that is not needed any more, where the system has a way.
func (*Library) Trim() error { return nil }
