package store

import "fmt"

// Statement returns the text of sql/queries/<name>.sql, for a domain that composes a query around it. An unknown name is an
// error, as for Prepare.
func (s *Store) Statement(name string) (string, error) {
	text, ok := s.queries[name]
	if !ok {
		return "", fmt.Errorf("compose query: there is no %q", name)
	}
	return text, nil
}
