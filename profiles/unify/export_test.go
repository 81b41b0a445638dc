package unify

import "tributary/ingest/stream"

// Decode is decode, for benchmarks.
func Decode(engine Engine, entry stream.Entry) { decode(engine, entry) }
