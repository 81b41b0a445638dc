// Package cursor tells pages of what the log holds, the newest first, where the page before ended.
package cursor

import (
	"encoding/base64"
	"fmt"
	"math"
)

// Place is that of a page's last line: when it was, in Unix milliseconds, and of which record of the log it is. It holds
// nothing of a workspace or person: whoever brings it sees the lines that he may ask for.
type Place struct {
	At        int64
	Partition uint32
	Offset    uint64
	Ordinal   uint32 // within the record
}

const form = "%d.%d.%d.%d"

// String is the place as a client keeps it.
func (p Place) String() string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, form, p.At, p.Partition, p.Offset, p.Ordinal))
}

// Parse reads what String made, and says whether it did; of no text, the place before the first page.
func Parse(text string) (p Place, ok bool) {
	if text == "" {
		return Place{math.MaxInt64, math.MaxUint32, math.MaxUint64, math.MaxUint32}, true
	}
	plain, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		_, err = fmt.Sscanf(string(plain), form, &p.At, &p.Partition, &p.Offset, &p.Ordinal)
	}
	return p, err == nil && p.String() == text
}
