package connector

import (
	"fmt"
	"strings"
)

// Description tells people what a connector needs, and what to put where so that a source runs it.
type Description struct {
	Name     string               `json:"name"`
	Title    string               `json:"title"`
	Summary  string               `json:"summary"`
	Ways     []string             `json:"ways"` // webhook, pull
	Docs     []string             `json:"docs"` // the vendor's pages
	Settings []SettingDescription `json:"settings"`
	Makes    []string             `json:"makes"` // names of the vocabulary; everything else is a free event
	// Config is the lines that the configuration needs, in YAML.
	Config string `json:"config"`
	// Webhook is the path at which the vendor's calls are taken; empty: the vendor calls nobody.
	Webhook string `json:"webhook,omitempty"`
}

// SettingDescription is a Setting, with its kind always said.
type SettingDescription struct {
	Name     string   `json:"name"`
	Summary  string   `json:"summary"`
	Kind     Kind     `json:"kind"`
	Required bool     `json:"required"`
	Default  string   `json:"default,omitempty"`
	Choices  []string `json:"choices,omitempty"`
}

// Describe describes a connector as a source of a name runs it. file is where the file is that declares it; empty: it
// is one of the program's.
func Describe(c *Connector, source, file string) Description {
	d := Description{
		Name: c.Name, Title: c.Title, Summary: c.Summary, Ways: []string{}, Docs: append([]string{}, c.Docs...),
		Settings: []SettingDescription{}, Makes: append([]string{}, c.Makes...),
	}
	if c.NewWebhook != nil {
		d.Ways, d.Webhook = append(d.Ways, "webhook"), "/v1/webhooks/"+source
	}
	if c.NewPuller != nil {
		d.Ways = append(d.Ways, "pull")
	}
	for _, s := range c.Settings {
		s.Kind = s.kind()
		d.Settings = append(d.Settings, SettingDescription(s))
	}
	d.Config = d.config(source, file)
	return d
}

// config is the source's part of the configuration: what is required, and the secrets, as references.
func (d *Description) config(source, file string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "sources:\n  - name: %s\n", source)
	if file != "" {
		fmt.Fprintf(&b, "    file: %s\n", file)
	} else {
		fmt.Fprintf(&b, "    connector: %s\n", d.Name)
	}
	settings := ""
	for _, s := range d.Settings {
		if s.Required || s.Kind == KindSecret {
			settings += fmt.Sprintf("      %s: %s\n", s.Name, s.example(source))
		}
	}
	if settings != "" {
		b.WriteString("    settings:\n" + settings)
	}
	return b.String()
}

// example is a value to be replaced; of a secret the name of an environment variable.
func (s *SettingDescription) example(source string) string {
	switch {
	case s.Kind == KindSecret:
		return "env:" + strings.ToUpper(strings.ReplaceAll(source, "-", "_")+"_"+s.Name)
	case len(s.Choices) > 0:
		return s.Choices[0]
	case s.Kind == KindURL:
		return "https://example.com/"
	}
	return "…"
}

// Invented are values for all settings without one, for where a connector is tried and nothing is asked of its vendor.
func Invented(settings []Setting, given map[string]string) map[string]string {
	values := map[string]string{}
	for _, s := range settings {
		switch {
		case given[s.Name] != "":
			values[s.Name] = given[s.Name]
		case s.Default != "":
			values[s.Name] = s.Default
		default:
			values[s.Name] = s.invented()
		}
	}
	return values
}

func (s *Setting) invented() string {
	switch s.kind() {
	case KindURL:
		return "https://example.com"
	case KindDuration:
		return "5m"
	case KindNumber:
		return "1"
	case KindFlag:
		return "false"
	case KindChoice:
		return s.Choices[0]
	default:
		return "a-" + strings.ReplaceAll(s.Name, "_", "-")
	}
}
