package declarative

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/mapping"
	"tributary/ingest/connector/table"
	"tributary/ingest/event"
)

// checker collects every fault, each with its path.
type checker struct {
	*File
	faults []error
}

func (c *checker) fault(at, format string, args ...any) {
	c.faults = append(c.faults, fmt.Errorf("%s: "+format, append([]any{at}, args...)...))
}

// compile checks the file and compiles its expressions.
func (f *File) compile() error {
	f.mappers, f.items, f.pages = map[string]*mapping.Mapper{}, map[string]*items{}, map[string]*pager{}
	c := &checker{File: f}
	c.head()
	for _, name := range slices.Sorted(maps.Keys(f.Mappings)) {
		m := f.Mappings[name]
		mapper, err := m.Compile("mappings." + name)
		if err != nil {
			c.faults = append(c.faults, err)
		}
		f.mappers[name] = mapper
	}
	c.one()
	if f.Kafka != nil {
		c.kafka("kafka", f.Kafka)
	}
	if d := f.Database; d != nil {
		c.database("database", d)
	}
	if f.Webhook != nil {
		c.webhook(f.Webhook)
	}
	if f.Pull != nil {
		c.pull(f.Pull)
	}
	c.samples()
	return errors.Join(c.faults...)
}

func (c *checker) head() {
	if c.Version != 1 {
		c.fault("version", "%d is not known; write 1", c.Version)
	}
	if !event.ValidSource(c.Name) {
		c.fault("name", "must be lower-case letters, digits, _ and -, beginning with a letter or digit")
	}
	for name, value := range map[string]string{"title": c.Title, "summary": c.Summary} {
		if strings.TrimSpace(value) == "" {
			c.fault(name, "must be given")
		}
	}
	seen := map[string]bool{}
	for i, s := range c.Settings {
		at := fmt.Sprintf("settings[%d]", i)
		if s.Name == "" || seen[s.Name] {
			c.fault(at+".name", "must be given, and once")
		}
		if s.Summary == "" {
			c.fault(at+".summary", "must be given")
		}
		if !slices.Contains(kinds, s.Kind) {
			c.fault(at+".kind", "%q is none of %v", s.Kind, kinds[1:])
		}
		seen[s.Name] = true
	}
}

var kinds = []connector.Kind{
	"", connector.KindText, connector.KindSecret, connector.KindURL, connector.KindDuration,
	connector.KindNumber, connector.KindFlag, connector.KindChoice, connector.KindList,
}

// setting checks a reference to a setting.
func (c *checker) setting(at, name string, kinds ...connector.Kind) {
	for _, s := range c.Settings {
		if s.Name != name {
			continue
		}
		if len(kinds) > 0 && !slices.Contains(kinds, s.Kind) {
			c.fault(at, "the setting %s must be of kind %s", name, kinds[0])
		}
		return
	}
	c.fault(at, "%q is none of the settings", name)
}

var placeholder = regexp.MustCompile(`\{([^{}]*)\}`)

// template checks the settings that stand in a text as {name}.
func (c *checker) template(at, text string) {
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		for _, s := range c.Settings {
			if s.Name == m[1] && s.Kind == connector.KindSecret {
				c.fault(at, "holds the secret %s, which belongs into auth", m[1])
			}
		}
		c.setting(at, m[1])
	}
}

func (c *checker) mapping(at, name string) {
	if _, ok := c.Mappings[name]; !ok {
		c.fault(at, "%q is none of the mappings", name)
	}
}

func (c *checker) expr(at, source string) *mapping.Expr {
	if source == "" {
		return nil
	}
	x, err := mapping.Compile(source)
	if err != nil {
		c.fault(at, "%w", err)
	}
	return x
}

func (c *checker) webhook(w *Webhook) {
	c.signature("webhook.signature", &w.Signature)
	c.mapping("webhook.mapping", w.Mapping)
	if w.Format == "" {
		w.Format = "json"
	}
	if w.Format != "json" && w.Format != "form" {
		c.fault("webhook.format", "must be json or form")
	}
	c.items[""] = c.split("webhook.items", w.Items, ".")
	if w.Reply != nil && (w.Reply.Status < 200 || w.Reply.Status > 299) {
		c.fault("webhook.reply.status", "must be of success, 200 to 299")
	}
}

func (c *checker) pull(p *Pull) {
	if p.Base == "" {
		p.Base = "base_url"
	}
	c.setting("pull.base", p.Base, connector.KindURL)
	c.auth("pull.auth", &p.Auth)
	for name, value := range p.Headers {
		c.template("pull.headers."+name, value)
	}
	if p.Rate != nil && (p.Rate.Requests <= 0 || p.Rate.Per <= 0) {
		c.fault("pull.rate", "needs requests and per, both greater than 0")
	}
	if len(p.Streams) == 0 {
		c.fault("pull.streams", "must name at least one")
	}
	for i := range p.Streams {
		c.stream(fmt.Sprintf("pull.streams[%d]", i), &p.Streams[i])
	}
}

func (c *checker) database(at string, d *table.Database) {
	d.Check(at, c.fault)
	c.setting(at+".dsn", d.DSN, connector.KindSecret)
	for i, t := range d.Tables {
		c.mapping(fmt.Sprintf("%s.tables[%d].mapping", at, i), t.Mapping)
	}
}

func (c *checker) stream(at string, s *Stream) {
	if _, twice := c.pages[s.Name]; s.Name == "" || twice {
		c.fault(at+".name", "must be given, and once")
	}
	if s.Method == "" {
		s.Method = http.MethodGet
	}
	if s.Method != http.MethodGet && s.Method != http.MethodPost {
		c.fault(at+".method", "must be GET or POST")
	}
	if s.Method == http.MethodGet && s.Body != nil {
		c.fault(at+".body", "belongs to POST")
	}
	if !strings.HasPrefix(s.Path, "/") {
		c.fault(at+".path", "must begin with /")
	}
	c.template(at+".path", s.Path)
	for name, value := range s.Query {
		c.template(at+".query."+name, value)
	}
	c.mapping(at+".mapping", s.Mapping)
	c.items[s.Name] = c.split(at+".items", s.Items, ".[]")
	c.pages[s.Name] = c.paging(at, s)
}

func (c *checker) paging(at string, s *Stream) *pager {
	p, y := &pager{stream: s}, &s.Paging
	count := 0
	for _, given := range []bool{y.Cursor != nil, y.Next != "", y.Link, y.Page != nil, y.Offset != nil} {
		if given {
			count++
		}
	}
	if count > 1 {
		c.fault(at+".paging", "must be one of cursor, next, link, page and offset")
	}
	if y.Cursor != nil {
		p.from = c.expr(at+".paging.cursor.from", y.Cursor.From)
		if y.Cursor.From == "" || y.Cursor.Param == "" {
			c.fault(at+".paging.cursor", "needs from and param")
		}
	}
	if y.Next != "" {
		p.from = c.expr(at+".paging.next", y.Next)
	}
	for _, n := range []*Count{y.Page, y.Offset} {
		if n != nil && n.Param == "" {
			c.fault(at+".paging", "needs param")
		}
	}
	p.more = c.expr(at+".paging.more", y.More)
	if s.Since != nil {
		if s.Since.Field == "" {
			c.fault(at+".since.field", "must be given")
		}
		p.changed = c.expr(at+".since.field", s.Since.Field)
		s.Since.Overlap = max(s.Since.Overlap, precision(s.Since.Format))
	}
	return p
}

// precision is the smallest step of a format of since.
func precision(format string) time.Duration {
	switch {
	case format == "date", format != "" && format != "rfc3339" && format != "unix" && format != "unix_ms" && !strings.Contains(format, "04"):
		return 24 * time.Hour
	case format == "unix_ms", strings.Contains(format, ".000"):
		return time.Millisecond
	}
	return time.Second
}

func (c *checker) samples() {
	if s := c.Samples.Since; s != "" {
		if _, err := event.ParseTime(s); err != nil {
			c.fault("samples.since", "%w", err)
		}
	}
	for name := range c.Samples.Settings {
		c.setting("samples.settings."+name, name)
	}
}

// makes is the names of the vocabulary that any mapping makes.
func (f *File) makes() []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(f.mappers)) {
		for _, made := range f.mappers[name].Names() {
			if !slices.Contains(names, made) {
				names = append(names, made)
			}
		}
	}
	return names
}
