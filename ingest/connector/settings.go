package connector

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"tributary/ingest/event"
)

// Kind is what values a setting takes.
type Kind string

// The kinds of setting.
const (
	// KindText is any text.
	KindText Kind = "text"
	// KindSecret is a reference to where the secret is: "env:NAME" or "file:/path". A secret itself is
	// refused, so that none stands in a configuration file.
	KindSecret Kind = "secret"
	// KindURL is an absolute URL of http or https.
	KindURL Kind = "url"
	// KindDuration is a span greater than 0, such as "5m".
	KindDuration Kind = "duration"
	// KindNumber is a whole number of at least 0.
	KindNumber Kind = "number"
	// KindFlag is "true" or "false".
	KindFlag Kind = "flag"
	// KindChoice is one of Choices.
	KindChoice Kind = "choice"
	// KindList is any number of texts between commas.
	KindList Kind = "list"
)

// Setting is one thing that may be configured.
type Setting struct {
	Name    string // snake_case
	Summary string // one sentence; where the vendor shows the value
	Kind    Kind   // default KindText
	// Required settings must be given; others may have a default, in the form of a value.
	Required bool
	Default  string
	Choices  []string // of KindChoice
}

// Config is a configured source of a connector. Its values were checked by Configure; asking for a
// setting that the connector does not declare panics.
type Config struct {
	// Source is the name of the source; ids that mean something only within it carry it.
	Source string
	// HTTP is what requests to the vendor go through. Default: a client of its own, 30 s a request.
	HTTP *http.Client
	// Now is the clock, Wait pauses. Defaults: those of package time.
	Now  func() time.Time
	Wait Waiter

	connector string
	rate      Rate
	values    map[string]string
	declared  map[string]Kind
}

// Identifier names a person by an id that means something only within this source.
func (c Config) Identifier(kind, value string) event.Identifier {
	return event.Identifier{Type: c.Source + "." + kind, Value: value}
}

// Free is the name of a free event: what the vendor calls it, behind the connector's name.
func (c Config) Free(name string) string { return c.connector + "." + name }

// Lookup finds the value of a secret's reference. Configure takes Secrets, tests one of their own.
type Lookup func(reference string) (string, error)

// Secrets reads "env:NAME" from the environment and "file:/path" from a file, without the line's end.
func Secrets(reference string) (string, error) {
	scheme, name, _ := strings.Cut(reference, ":")
	switch {
	case scheme == "env" && name != "":
		if value := os.Getenv(name); value != "" {
			return value, nil
		}
		return "", fmt.Errorf("the environment variable %s is not set", name)
	case scheme == "file" && name != "":
		text, err := os.ReadFile(name)
		if err != nil {
			return "", err
		}
		if value := strings.TrimRight(string(text), "\r\n"); value != "" {
			return value, nil
		}
		return "", fmt.Errorf("%s is empty", name)
	}
	return "", errNoReference
}

var errNoReference = errors.New("must say where the secret is: env:NAME or file:/path")

// Referenced is a Lookup that finds nothing and only checks the reference's form: for where a configuration
// is checked and its secrets are not at hand.
func Referenced(reference string) (string, error) {
	scheme, name, _ := strings.Cut(reference, ":")
	if scheme != "env" && scheme != "file" || name == "" {
		return "", errNoReference
	}
	return reference, nil
}

// Configure checks the values of a source against the connector's settings and returns every fault,
// each with the setting's name.
func (c *Connector) Configure(source string, values map[string]string, secrets Lookup) (Config, error) {
	config := Config{
		Source: source, Now: time.Now, Wait: wait, HTTP: &http.Client{Timeout: 30 * time.Second},
		connector: c.Name, rate: c.Rate, values: map[string]string{}, declared: map[string]Kind{},
	}
	var faults []error
	for _, s := range c.Settings {
		config.declared[s.Name] = s.kind()
		value, given := values[s.Name]
		if !given || value == "" {
			value = s.Default
		}
		if value == "" {
			if s.Required {
				faults = append(faults, fmt.Errorf("%s: must be given: %s", s.Name, s.Summary))
			}
			continue
		}
		if s.kind() == KindSecret {
			found, err := secrets(value)
			if err != nil {
				faults = append(faults, fmt.Errorf("%s: %w", s.Name, err))
				continue
			}
			value = found
		} else if err := s.check(value); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", s.Name, err))
			continue
		}
		config.values[s.Name] = value
	}
	var unknown []error
	for name := range values {
		if _, ok := config.declared[name]; !ok {
			unknown = append(unknown, fmt.Errorf("%s: %s has no such setting", name, c.Name))
		}
	}
	slices.SortFunc(unknown, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return config, errors.Join(append(faults, unknown...)...)
}

func (s Setting) kind() Kind {
	if s.Kind == "" {
		return KindText
	}
	return s.Kind
}

// check says what is wrong with a value that is no secret.
func (s Setting) check(value string) error {
	switch s.kind() {
	case KindURL:
		u, err := url.Parse(value)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
			return errors.New("must be an absolute URL of https or http")
		}
	case KindDuration:
		if d, err := time.ParseDuration(value); err != nil || d <= 0 {
			return errors.New("must be a span of time greater than 0, such as 5m")
		}
	case KindNumber:
		if n, err := strconv.Atoi(value); err != nil || n < 0 {
			return errors.New("must be a whole number of at least 0")
		}
	case KindFlag:
		if value != "true" && value != "false" {
			return errors.New("must be true or false")
		}
	case KindChoice:
		if !slices.Contains(s.Choices, value) {
			return fmt.Errorf("must be one of %s", strings.Join(s.Choices, ", "))
		}
	default: // text and list take anything
	}
	return nil
}

// Text is the value of a setting of kind text, secret, URL or choice; "" if it is not given.
func (c Config) Text(name string) string {
	if _, ok := c.declared[name]; !ok {
		panic(fmt.Sprintf("connector %s does not declare the setting %q", c.connector, name))
	}
	return c.values[name]
}

// Secret is Text of a setting of kind secret, as bytes.
func (c Config) Secret(name string) []byte { return []byte(c.Text(name)) }

// Has says whether a setting has a value.
func (c Config) Has(name string) bool { return c.Text(name) != "" }

// Flag is whether a setting of kind flag is "true".
func (c Config) Flag(name string) bool { return c.Text(name) == "true" }

// Number is the value of a setting of kind number; 0 if it is not given.
func (c Config) Number(name string) int {
	n, _ := strconv.Atoi(c.Text(name)) // checked by Configure
	return n
}

// Duration is the value of a setting of kind duration; 0 if it is not given.
func (c Config) Duration(name string) time.Duration {
	d, _ := time.ParseDuration(c.Text(name)) // checked by Configure
	return d
}

// List is the value of a setting of kind list, without the blanks around its items.
func (c Config) List(name string) []string {
	var items []string
	for item := range strings.SplitSeq(c.Text(name), ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}
