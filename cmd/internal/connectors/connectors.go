// Package connectors is the registry: the connectors that this program has.
package connectors

import (
	"errors"
	"slices"
	"strings"

	"tributary/ingest/connector"
	"tributary/ingest/connector/kit"
)

// subjects lists the connectors, each with what the conformance kit needs to know of its vendor.
var subjects = []func() kit.Subject{}

// Registry returns the connectors by name.
func Registry() connector.Registry {
	var all connector.Registry
	for _, subject := range subjects {
		all = append(all, subject().Connector)
	}
	slices.SortFunc(all, func(a, b connector.Connector) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Subject returns the conformance kit's subject of a connector.
func Subject(name string) (kit.Subject, error) {
	for _, subject := range subjects {
		if s := subject(); s.Connector.Name == name {
			return s, nil
		}
	}
	_, err := Registry().Find(name)
	return kit.Subject{}, err
}

// Find returns the connector of a name, or the one that a file declares.
func Find(name, file string) (*connector.Connector, error) {
	if file == "" {
		return Registry().Find(name)
	}
	return nil, errors.New("file: declarative connectors are not there yet")
}
