package config

import (
	"errors"

	"tributary/profiles/export"
	"tributary/profiles/privacy/desk"
)

// Privacy is how people are erased.
type Privacy struct {
	Ledger string   `yaml:"ledger"`
	Hold   Duration `yaml:"hold"`
	// ExportKeep is how long an export of what is kept of somebody can be downloaded.
	ExportKeep Duration `yaml:"export_keep"`
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
	var faults []error
	if p.Hold < 0 {
		faults = append(faults, errors.New("privacy.hold: must not be negative"))
	}
	if p.ExportKeep <= 0 {
		faults = append(faults, errors.New("privacy.export_keep: must be more than 0"))
	}
	return faults
}

func defaultPrivacy() Privacy {
	return Privacy{Hold: Duration(desk.DefaultHold), ExportKeep: Duration(export.DefaultKeep)}
}
