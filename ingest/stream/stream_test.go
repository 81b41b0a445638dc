package stream

import (
	"errors"
	"strings"
	"testing"
)

// TestShardNeverChanges: logs on disk rely on these.
func TestShardNeverChanges(t *testing.T) {
	for _, tc := range []struct {
		workspace, source string
		n                 int
		want              uint16
	}{
		{"acme", "web", 8, 1},
		{"acme", "crm", 8, 0},
		{"acmew", "eb", 8, 7},
		{"", "", 8, 0},
		{"globex", "billing", 3, 2},
		{"globex", "billing", MaxShards, 18408},
		{"globex", "billing", 1, 0},
	} {
		if got := Shard(tc.workspace, tc.source, tc.n); got != tc.want {
			t.Errorf("shard of %q, %q among %d is %d, want %d", tc.workspace, tc.source, tc.n, got, tc.want)
		}
	}
	if n := testing.AllocsPerRun(100, func() { Shard("workspace", "source", 8) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestPartitionNumber(t *testing.T) {
	p := PartitionOf(LaneBulk, 7)
	if p != 1<<16|7 || p.Lane() != LaneBulk || p.Shard() != 7 {
		t.Errorf("partition %d: lane %s, shard %d", p, p.Lane(), p.Shard())
	}
}

func TestRecordValidate(t *testing.T) {
	valid := Record{Kind: KindEvent, Workspace: "acme", Value: make([]byte, 10)}
	for name, tc := range map[string]struct {
		spoil func(*Record)
		want  error
	}{
		"valid":      {func(*Record) {}, nil},
		"lane":       {func(r *Record) { r.Lane = 2 }, ErrInvalid},
		"no kind":    {func(r *Record) { r.Kind = 0 }, ErrInvalid},
		"kind":       {func(r *Record) { r.Kind = KindErased + 1 }, ErrInvalid},
		"workspace":  {func(r *Record) { r.Workspace = "" }, ErrInvalid},
		"source":     {func(r *Record) { r.Source = strings.Repeat("s", MaxName+1) }, ErrTooLarge},
		"message id": {func(r *Record) { r.MessageID = strings.Repeat("m", MaxName+1) }, ErrTooLarge},
		"value":      {func(r *Record) { r.Value = make([]byte, 11) }, ErrTooLarge},
	} {
		r := valid
		tc.spoil(&r)
		if err := r.Validate(10); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
}
