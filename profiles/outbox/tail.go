package outbox

// tailBytes bounds what the tail holds, in bytes of log records and rows; in memory an event takes
// about three times as much.
const tailBytes = 16 << 20

// tail holds committed entries in memory, with their values, until the sink takes them. It is a
// shortcut: all of it is in the database as well, and whoever finds nothing here reads that. When
// there is no room it takes no more until half of it is taken, so that what it lacks is in long
// runs, which the log is good at.
type tail struct {
	entries []Entry // ascending by Seq, with gaps
	size    int
	limit   int
	full    bool
}

// add takes a copy of entries that follow what is there.
func (t *tail) add(entries []Entry) {
	if t.full = t.size >= t.limit || t.full && t.size > t.limit/2; t.full {
		return
	}
	t.entries = append(t.entries, entries...)
	for i := range entries {
		t.size += entries[i].bytes()
	}
}

// take removes and returns the entries that follow after without a gap, at most limit and up to
// the Seq to. If there is none, before is the Seq before the first one that is there beyond after;
// all beyond after, to before, is in the database alone, or nowhere.
func (t *tail) take(after, to uint64, limit int) (taken []Entry, before uint64) {
	t.drop(t.upTo(after))
	n := 0
	for n < min(limit, len(t.entries)) && t.entries[n].Seq == after+1+uint64(n) && t.entries[n].Seq <= to {
		n++
	}
	if n > 0 {
		taken = append(taken, t.entries[:n]...)
		t.drop(n)
		return taken, taken[n-1].Seq
	}
	if len(t.entries) == 0 {
		return nil, ^uint64(0)
	}
	return nil, t.entries[0].Seq - 1
}

// upTo returns how many entries have a Seq of at most seq.
func (t *tail) upTo(seq uint64) int {
	n := 0
	for n < len(t.entries) && t.entries[n].Seq <= seq {
		n++
	}
	return n
}

func (t *tail) drop(n int) {
	for i := range n {
		t.size -= t.entries[i].bytes()
	}
	clear(t.entries[:n]) // lets go of the values
	if t.entries = t.entries[n:]; len(t.entries) == 0 {
		t.entries = nil
	}
}

// entryBytes is about what an Entry takes by itself.
const entryBytes = 128

// bytes is what the entry counts, in the tail and in what Read returns.
func (e *Entry) bytes() int { return entryBytes + e.Size + len(e.Row) }
