package store_test

import (
	"fmt"
	"strings"
)

// manyKeys returns an object of n keys.
func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"key_%d":%d`, i, i)
	}
	return "{" + b.String()[1:] + "}"
}
