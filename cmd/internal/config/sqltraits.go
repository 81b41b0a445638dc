package config

import (
	"fmt"
	"strings"
	"time"

	"tributary/ingest/event"
)

// SQLTrait is a trait that a query sets on schedule. It stands in the operator's file alone: SQL can read
// every workspace.
type SQLTrait struct {
	Name      string   `yaml:"name"`
	Workspace string   `yaml:"workspace"` // default: the configuration's
	Every     Duration `yaml:"every"`
	Timeout   Duration `yaml:"timeout"`
	Query     string   `yaml:"query"`
}

// Defaults of SQLTrait.
const (
	DefaultSQLTraitEvery   = time.Hour
	DefaultSQLTraitTimeout = time.Minute
)

// SQLTraits are the traits that are set by SQL, with their defaults.
func (c Config) SQLTraits() []SQLTrait {
	all := make([]SQLTrait, len(c.Profiles.SQLTraits))
	for i, t := range c.Profiles.SQLTraits {
		if t.Workspace == "" {
			t.Workspace = c.Workspace
		}
		if t.Every == 0 {
			t.Every = Duration(DefaultSQLTraitEvery)
		}
		if t.Timeout == 0 {
			t.Timeout = Duration(DefaultSQLTraitTimeout)
		}
		all[i] = t
	}
	return all
}

func (c Config) validateSQLTraits() []error {
	var faults []error
	seen := map[string]bool{}
	for i, t := range c.SQLTraits() {
		fault := func(bad bool, format string, args ...any) {
			if bad {
				faults = append(faults, fmt.Errorf("profiles.sql_traits[%d].%w", i, fmt.Errorf(format, args...)))
			}
		}
		fault(!event.ValidSource(t.Name), "name: %q must be lower-case letters, digits, - and _, at most 64", t.Name)
		fault(seen[t.Workspace+" "+t.Name], "name: %q stands twice in the workspace", t.Name)
		fault(!event.ValidSource(t.Workspace), "workspace: %q must be lower-case letters, digits, - and _, at most 64", t.Workspace)
		fault(t.Every < Duration(time.Minute), "every: must be at least 1m")
		fault(t.Timeout < Duration(time.Second), "timeout: must be at least 1s")
		fault(!strings.Contains(t.Query, "{workspace:String}"), "query: must go by the parameter {workspace:String}, or it reads other workspaces")
		seen[t.Workspace+" "+t.Name] = true
	}
	return faults
}
