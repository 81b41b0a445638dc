// Package declarative makes connectors out of YAML files: a webhook, and pulling from a REST API, tables of
// a database (package table) or a topic of Kafka (package kafkatopic), with a mapping in jq (package mapping). README.md describes the file; examples/ has a commented one.
//
// A file is a connector like any other: it has settings, verifies signatures, keeps a checkpoint, and is
// put to the conformance kit with the samples that lie beside it (Subject).
package declarative

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/goccy/go-yaml"

	"tributary/ingest/connector"
	"tributary/ingest/connector/mapping"
	"tributary/ingest/connector/table"
)

// File is a connector's YAML.
type File struct {
	Version  int                        `yaml:"version"`
	Name     string                     `yaml:"name"`
	Title    string                     `yaml:"title"`
	Summary  string                     `yaml:"summary"`
	Docs     []string                   `yaml:"docs"`
	Settings []Setting                  `yaml:"settings"`
	Mappings map[string]mapping.Mapping `yaml:"mappings"`
	Webhook  *Webhook                   `yaml:"webhook"`
	Pull     *Pull                      `yaml:"pull"`
	Database *table.Database            `yaml:"database"` // in place of pull
	Kafka    *Kafka                     `yaml:"kafka"`    // in place of pull
	// Samples is what the conformance kit needs to know of the samples beside the file.
	Samples Samples `yaml:"samples"`

	mappers map[string]*mapping.Mapper
	items   map[string]*items // by webhook and stream
	pages   map[string]*pager // by stream
}

// Setting is connector.Setting.
type Setting struct {
	Name     string         `yaml:"name"`
	Summary  string         `yaml:"summary"`
	Kind     connector.Kind `yaml:"kind"`
	Required bool           `yaml:"required"`
	Default  string         `yaml:"default"`
	Choices  []string       `yaml:"choices"`
}

// Webhook is what comes in by itself.
type Webhook struct {
	Signature Signature `yaml:"signature"`
	Format    string    `yaml:"format"` // json (default) or form
	Items     string    `yaml:"items"`  // jq: where the items of a delivery are; default ., one
	Mapping   string    `yaml:"mapping"`
	// Reply is the answer; default 200 and how many items were taken.
	Reply *Reply `yaml:"reply"`
}

// Reply is connector.Reply.
type Reply struct {
	Status      int    `yaml:"status"`
	ContentType string `yaml:"content_type"`
	Body        string `yaml:"body"`
}

// Pull is what is asked for.
type Pull struct {
	Base    string            `yaml:"base"` // the setting with the API's address; default base_url
	Auth    Auth              `yaml:"auth"`
	Headers map[string]string `yaml:"headers"`
	Rate    *Rate             `yaml:"rate"`
	Streams []Stream          `yaml:"streams"`
}

// Rate is connector.Rate.
type Rate struct {
	Requests int           `yaml:"requests"`
	Per      time.Duration `yaml:"per"`
}

// Stream is one kind of record that the API lists.
type Stream struct {
	Name    string            `yaml:"name"`
	Method  string            `yaml:"method"` // GET (default) or POST
	Path    string            `yaml:"path"`   // {setting} stands for a setting's value
	Query   map[string]string `yaml:"query"`
	Body    map[string]any    `yaml:"body"`  // of POST, as JSON; parameters of paging and since go into it
	Items   string            `yaml:"items"` // jq: where the records of a page are; default .[]
	Mapping string            `yaml:"mapping"`
	Since   *Since            `yaml:"since"`
	Paging  Paging            `yaml:"paging"`
}

// Since asks only for what changed after a time.
type Since struct {
	Field string `yaml:"field"` // jq on a record: when it changed
	Param string `yaml:"param"` // the parameter that takes the time; without it all is read and sifted
	// Format is how the parameter is written: rfc3339 (default), date, unix, unix_ms, or a layout of Go's time
	// package.
	Format string `yaml:"format"`
	// Overlap is how much is asked for again, for records that become visible late; at least the
	// format's own precision, which is the default.
	Overlap time.Duration `yaml:"overlap"`
	// Ordered says that the API lists by this field, oldest first: then pages that are counted begin anew
	// from each time that was reached, and what changes meanwhile is not skipped.
	Ordered bool `yaml:"ordered"`
}

// Paging is how the next page is found; none of them: there is one page.
type Paging struct {
	Cursor *Cursor `yaml:"cursor"` // a token in the answer goes into a parameter
	Next   string  `yaml:"next"`   // jq on the answer: the next page's address
	Link   bool    `yaml:"link"`   // the address is the header Link's with rel="next" (RFC 8288)
	Page   *Count  `yaml:"page"`   // a page's number
	Offset *Count  `yaml:"offset"` // how many records come before the page
	// More is jq on the answer: whether there is another page. Without it, counted pages end with an empty
	// one, others with what leads nowhere.
	More string `yaml:"more"`
}

// Cursor is paging by token.
type Cursor struct {
	From  string `yaml:"from"` // jq on the answer
	Param string `yaml:"param"`
}

// Count is paging by number.
type Count struct {
	Param string `yaml:"param"`
	First int    `yaml:"first"` // of the first page's number
}

// Samples is what a kit.Subject says beside fixtures.
type Samples struct {
	Settings map[string]string `yaml:"settings"` // values for the check; invented ones otherwise
	Since    string            `yaml:"since"`    // a time in the middle of the samples
	Optional []string          `yaml:"optional"`
	Deletes  bool              `yaml:"deletes"`
}

// Load reads a connector's file. It reports every fault, each with its path, or, of what is not the
// file's form, with its line.
func Load(path string) (*File, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	f, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s:\n%w", path, err)
	}
	return f, nil
}

// Parse is Load of a text.
func Parse(text []byte) (*File, error) {
	var f File
	if err := yaml.UnmarshalWithOptions(text, &f, yaml.Strict(), yaml.CustomUnmarshaler(span)); err != nil {
		return nil, err
	}
	if err := f.compile(); err != nil {
		return nil, err
	}
	return &f, nil
}

// span reads "5m".
func span(d *time.Duration, text []byte) error {
	var s string
	if err := yaml.Unmarshal(text, &s); err != nil {
		return err
	}
	var err error
	if *d, err = time.ParseDuration(s); err != nil || *d < 0 {
		return errors.New("must be a span of time, such as 5m")
	}
	return nil
}

// Connector is the file as a connector.
func (f *File) Connector() connector.Connector {
	c := f.described()
	if f.Webhook != nil {
		c.NewWebhook = f.newWebhook
	}
	if f.Pull != nil {
		c.NewPuller = f.newPuller
		if r := f.Pull.Rate; r != nil {
			c.Rate = connector.Rate{Requests: r.Requests, Per: r.Per}
		}
	}
	if f.Database != nil {
		c.NewPuller = func(cfg connector.Config) (connector.Puller, error) {
			return table.New(cfg, f.Database, f.mappers, f.plain(cfg))
		}
	}
	if f.Kafka != nil {
		c = f.topic(c)
	}
	return c
}

// described is the connector without what it does.
func (f *File) described() connector.Connector {
	c := connector.Connector{Name: f.Name, Title: f.Title, Summary: f.Summary, Docs: f.Docs, Makes: f.makes()}
	if f.Webhook != nil && f.Webhook.Signature.None != "" {
		c.Summary += " Its deliveries prove nothing: " + f.Webhook.Signature.None
	}
	for _, s := range f.Settings {
		c.Settings = append(c.Settings, connector.Setting(s))
	}
	return c
}
