package libchdb

import (
	"slices"
	"strings"
	"testing"
)

const smaps = `7f0000000000-7f0000002000 r--p 00000000 fe:00 12  /x/libchdb.so
Size:                  8 kB
Anonymous:             0 kB
VmFlags: rd mr mw me
7f0000002000-7f0000004000 r-xp 00002000 fe:00 12  /x/libchdb.so
Anonymous:             0 kB
7f0000004000-7f0000005000 r--p 00004000 fe:00 12  /x/libchdb.so
Anonymous:             4 kB
7f0000005000-7f0000006000 rw-p 00005000 fe:00 12  /x/libchdb.so
Anonymous:             0 kB
7f0000006000-7f0000007000 r--p 00000000 fe:00 13  /y/other.so
Anonymous:             0 kB
7f0000007000-7f0000008000 rw-p 00000000 00:00 0
Anonymous:             0 kB
`

func TestOnlyCleanMappingsAreDropped(t *testing.T) {
	got, err := cleanMappings(strings.NewReader(smaps), "/x/libchdb.so")
	want := []mapping{{0x7f0000000000, 0x7f0000002000}, {0x7f0000002000, 0x7f0000004000}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %x, %v; want %x", got, err, want)
	}
}
