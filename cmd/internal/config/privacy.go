package config

import (
	"fmt"

	"tributary/profiles/privacy/desk"
)

// Privacy is how people are erased.
type Privacy struct {
	Ledger string   `yaml:"ledger"`
	Hold   Duration `yaml:"hold"`
}

// LedgerFile is where the ledger of erasures stands: beside the data folder, if not said otherwise.
func (c Config) LedgerFile() string {
	if c.Privacy.Ledger != "" {
		return c.Privacy.Ledger
	}
	return LedgerBeside(c.DataDir)
}

// LedgerBeside is where the ledger of a data folder stands by default.
func LedgerBeside(dataDir string) string { return dataDir + ".erasures" }

func (p Privacy) faults() []error {
	if p.Hold < 0 {
		return []error{fmt.Errorf("privacy.hold: must not be negative")}
	}
	return nil
}

func defaultPrivacy() Privacy { return Privacy{Hold: Duration(desk.DefaultHold)} }
