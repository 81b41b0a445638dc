package kit

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"tributary/ingest/connector"
	"tributary/ingest/event"
)

func settingsChecks() []check {
	return []check{
		{name: "description", after: []string{"subject"}, run: described,
			proves: "The connector says what it is: name, title, summary, the vendor's pages, and each setting's summary."},
		{name: "settings", after: []string{"subject"}, run: settingsChecked,
			proves: "Missing and wrong settings are reported by name, defaults are valid, and no secret stands in a configuration in plain text."},
		{name: "settings/left_out", after: []string{"settings"}, run: settingsLeftOut,
			proves: "With any setting left out the connector runs or says what it needs, and it never panics."},
	}
}

var (
	snakeCase = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	secretive = regexp.MustCompile(`(^|_)(secret|token|password|api_key|private_key)$`)
	kinds     = []connector.Kind{
		"", connector.KindText, connector.KindSecret, connector.KindURL, connector.KindDuration,
		connector.KindNumber, connector.KindFlag, connector.KindChoice, connector.KindList,
	}
)

func described(_ context.Context, s *suite, f *findings) {
	c := &s.Connector
	if !event.ValidSource(c.Name) {
		f.add("", "Use lower-case letters, digits, _ and -.", "%q cannot name a source", c.Name)
	}
	for field, value := range map[string]string{"Title": c.Title, "Summary": c.Summary} {
		if strings.TrimSpace(value) == "" {
			f.add("", "Say it in a few words.", "Connector.%s is empty", field)
		}
	}
	if len(c.Docs) == 0 || slices.ContainsFunc(c.Docs, func(page string) bool { return !strings.HasPrefix(page, "https://") }) {
		f.add("", "List the vendor's pages that the decoding relies on.", "Connector.Docs has no page, or one that is not https")
	}
	seen := map[string]bool{}
	for _, setting := range c.Settings {
		name := setting.Name
		switch {
		case !snakeCase.MatchString(name):
			f.add("", "Use snake_case.", "the setting %q is not snake_case", name)
		case seen[name]:
			f.add("", "Declare it once.", "the setting %s is declared twice", name)
		case strings.TrimSpace(setting.Summary) == "":
			f.add("", "Say in one sentence what it is and where the vendor shows it.", "the setting %s has no summary", name)
		case !slices.Contains(kinds, setting.Kind):
			f.add("", "Use a kind of package connector.", "the setting %s is of no known kind", name)
		}
		seen[name] = true
	}
}

func settingsChecked(_ context.Context, s *suite, f *findings) {
	c := &s.Connector
	given := map[string]string{}
	for name, value := range s.Settings {
		given[name] = value
	}
	if c.NewPuller != nil {
		if s.BaseURL == "" {
			f.add("", "Name the setting that holds the API's address, so that the suite can act it out.", "Subject.BaseURL is empty")
		} else {
			given[s.BaseURL] = "https://api.vendor.example.com"
		}
	}
	for _, setting := range c.Settings {
		s.setting(setting, given, f)
	}
	if _, err := s.configure(s.sourceName(), nil); err != nil {
		f.add("", "Correct Subject.Settings.", "the subject's settings are refused: %v", err)
	}
}

// setting checks one setting, the others being right.
func (s *suite) setting(setting connector.Setting, given map[string]string, f *findings) {
	name := setting.Name
	faults := func(changed map[string]string, lookup connector.Lookup) string {
		values := map[string]string{}
		for from, value := range given {
			values[from] = value
		}
		for from, value := range changed {
			values[from] = value
		}
		_, err := s.Connector.Configure(s.sourceName(), values, lookup)
		return fmt.Sprint(err)
	}
	reported := func(text string) bool { return strings.Contains("\n"+text, "\n"+name+": ") }
	if setting.Required && setting.Default != "" {
		f.add("", "One of the two.", "the setting %s is required and has a default", name)
	}
	if setting.Required && setting.Default == "" && !reported(faults(map[string]string{name: ""}, itself)) {
		f.add("", "Name the setting in the error.", "without the setting %s nothing says so", name)
	}
	if setting.Kind == connector.KindSecret {
		if setting.Default != "" {
			f.add("", "A secret has no default.", "the setting %s has one", name)
		}
		if !reported(faults(map[string]string{name: "kit-plain-text"}, connector.Secrets)) {
			f.add("", "Make it of kind secret.", "the setting %s takes a secret in plain text", name)
		}
	} else if secretive.MatchString(name) {
		f.add("", "Make it of kind secret, so that none stands in a configuration file.", "the setting %s takes a secret in plain text", name)
	}
	if setting.Default != "" && reported(faults(map[string]string{name: setting.Default}, itself)) {
		f.add("", "", "the default of the setting %s is not valid", name)
	}
	if setting.Kind == connector.KindChoice && len(setting.Choices) < 2 {
		f.add("", "List them.", "the setting %s has no choices", name)
	}
}

// settingsLeftOut makes the connector without each setting that may be absent, and without all of them.
func settingsLeftOut(_ context.Context, s *suite, f *findings) {
	all := map[string]string{}
	for _, setting := range s.Connector.Settings {
		if !setting.Required {
			s.builds(map[string]string{setting.Name: ""}, "without the setting "+setting.Name, f)
			all[setting.Name] = ""
		}
		if setting.Kind == connector.KindSecret {
			s.builds(map[string]string{setting.Name: marker}, "with another text as the setting "+setting.Name, f)
		}
	}
	s.builds(all, "with required settings alone", f)
}

// builds makes webhook and puller and sees that neither panics, nor repeats a secret.
func (s *suite) builds(changes map[string]string, what string, f *findings) {
	config, err := s.configure(s.sourceName(), changes)
	if err != nil {
		return // settings has checked what is reported
	}
	for part, make := range map[string]func() error{
		"NewWebhook": func() error { return ignore(s.Connector.NewWebhook, config) },
		"NewPuller":  func() error { return ignore(s.Connector.NewPuller, config) },
	} {
		err := guard(make)
		if _, broke := err.(*panicked); broke { //nolint:errorlint // guard returns it bare
			f.add("", "Return an error that names the setting.", "%s, of %s: %v", what, part, err)
		}
		if err != nil && repeats(err.Error(), append(s.secrets(), marker)) {
			f.add("", "Leave the value out.", "%s, the error of %s repeats a secret", what, part)
		}
	}
}

// ignore makes a part, if the connector has it, for its error alone.
func ignore[P any](make func(connector.Config) (P, error), config connector.Config) error {
	if make == nil {
		return nil
	}
	_, err := make(config)
	return err
}
