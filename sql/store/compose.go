package store

// Compose returns a query whose statement depends on what is asked for: a domain made it, of names from a fixed list and
// of bound parameters alone. The name is what errors call it.
func Compose[R any](s *Store, name, sql string) Query[R] {
	return Query[R]{store: s, name: name, sql: sql}
}
