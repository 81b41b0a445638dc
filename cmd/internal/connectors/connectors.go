// Package connectors is the registry: the connectors that this program has, and those that files declare.
package connectors

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"tributary/ingest/connector"
	"tributary/ingest/connector/callrecords"
	"tributary/ingest/connector/chatwoot"
	"tributary/ingest/connector/connect"
	"tributary/ingest/connector/declarative"
	"tributary/ingest/connector/delighted"
	"tributary/ingest/connector/email"
	"tributary/ingest/connector/hubspot"
	"tributary/ingest/connector/intercom"
	"tributary/ingest/connector/kit"
	"tributary/ingest/connector/postmark"
	"tributary/ingest/connector/salesforce"
	"tributary/ingest/connector/shopify"
	"tributary/ingest/connector/stripe"
	"tributary/ingest/connector/surveymonkey"
	"tributary/ingest/connector/twilio"
	"tributary/ingest/connector/zendesk"
)

// subjects lists the connectors, each with what the conformance kit needs to know of its vendor.
var subjects = []func() kit.Subject{
	callrecords.Subject, chatwoot.Subject, connect.Subject, delighted.Subject, email.Subject, hubspot.Subject, intercom.Subject,
	postmark.Subject, salesforce.Subject, shopify.Subject, stripe.Subject, surveymonkey.Subject, twilio.Subject, zendesk.Subject,
}

// Registry returns the connectors by name.
func Registry() connector.Registry {
	var all connector.Registry
	for _, subject := range subjects {
		all = append(all, subject().Connector)
	}
	slices.SortFunc(all, func(a, b connector.Connector) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Declared says whether a connector is named by the file that declares it.
func Declared(name string) bool {
	switch filepath.Ext(name) {
	case ".yaml", ".yml":
		return true
	}
	return false
}

// Subject returns the conformance kit's subject of a connector, or of the file that declares one, with
// the samples in the folder "samples" beside it.
func Subject(name string) (kit.Subject, error) {
	if Declared(name) {
		return declarative.SubjectOf(name)
	}
	for _, subject := range subjects {
		if s := subject(); s.Connector.Name == name {
			return s, nil
		}
	}
	_, err := Registry().Find(name)
	return kit.Subject{}, err
}

// Find returns the connector of a name, or the one that a file declares; one of the two is given.
func Find(name, file string) (*connector.Connector, error) {
	switch {
	case file != "":
		f, err := declarative.Load(file)
		if err != nil {
			return nil, fmt.Errorf("file: %w", err)
		}
		c := f.Connector()
		return &c, nil
	case Declared(name):
		return nil, errors.New("connector: is a file: write file: instead")
	}
	return Registry().Find(name)
}
