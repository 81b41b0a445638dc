package connector

import (
	"fmt"
	"strings"
)

// Registry is the connectors that a program has, in the order in which they are listed.
type Registry []Connector

// Find returns the connector of that name. The error lists those there are.
func (r Registry) Find(name string) (*Connector, error) {
	names := make([]string, len(r))
	for i := range r {
		if r[i].Name == name {
			return &r[i], nil
		}
		names[i] = r[i].Name
	}
	return nil, fmt.Errorf("there is no connector %q; there are %s", name, strings.Join(names, ", "))
}
