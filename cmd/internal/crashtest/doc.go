// Package crashtest holds tests alone. They run the true program, built as it is shipped, and kill
// it, starve it of disk, cut it from its engine and damage the engine's files while clients send
// events; then they look whether every acknowledged event is in ClickHouse exactly once, whether
// all counts add up, and whether profiles and groups equal those of a run that nothing disturbed.
package crashtest
