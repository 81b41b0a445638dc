package store

import (
	"sync"

	chcolumn "github.com/ClickHouse/clickhouse-go/v2/lib/column"
)

// spare keeps the memory of text columns that were sent, by table and column. The driver makes its
// columns anew for every batch and lets them grow by a quarter at a time, which copies each value
// some five times: most of what an insert would otherwise allocate.
type spare struct{ pools sync.Map } // name -> *sync.Pool

func (s *spare) pool(table, column string) *sync.Pool {
	p, _ := s.pools.LoadOrStore(table+"."+column, new(sync.Pool))
	return p.(*sync.Pool)
}

// lend gives the fresh columns of a batch the memory of sent ones.
func (s *spare) lend(table string, columns []chcolumn.Interface) {
	for _, c := range columns {
		switch c := c.(type) {
		case *chcolumn.String:
			lend(s.pool(table, c.Name()), c)
		case *chcolumn.JSON:
			lend(s.pool(table, c.Name()), c)
		}
	}
}

// takeBack takes it back once the batch was sent. After an error it must not be called: the driver
// may still be reading.
func (s *spare) takeBack(table string, columns []chcolumn.Interface) {
	for _, c := range columns {
		c.Reset()
		switch c := c.(type) {
		case *chcolumn.String:
			kept := *c
			s.pool(table, c.Name()).Put(&kept)
		case *chcolumn.JSON:
			kept := *c
			s.pool(table, c.Name()).Put(&kept)
		}
	}
}

func lend[C any](from *sync.Pool, to *C) {
	if kept, ok := from.Get().(*C); ok {
		*to = *kept
	}
}
