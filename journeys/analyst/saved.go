package analyst

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tributary/ingest/event"
)

// Saved is a statement that has a name.
type Saved struct {
	Name        string       `json:"name"` // lower-case letters, digits, _ and -; at most 64
	Description string       `json:"description,omitempty"`
	SQL         string       `json:"sql,omitempty"` // empty in a list
	Params      []SavedParam `json:"params"`        // all that the statement has, in the order in which they stand
	Owner       string       `json:"owner"`         // who saved it first: key:…, socket:…
	SavedAt     time.Time    `json:"saved_at"`
}

// SavedParam is a parameter that a statement has.
type SavedParam struct {
	Name string `json:"name"`
	Type string `json:"type,omitempty"` // in the engine's words; default: as the statement has it
	// Default is what it is unless a run says otherwise: a text, a number, true, false, or a list of these. Without one a
	// run has to give it.
	Default json.RawMessage `json:"default,omitempty"`
}

// Bounds of what is saved.
const (
	MaxSaved       = 200   // of a workspace
	maxDescription = 1_000 // characters
)

var (
	savedName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,63}$`)
	// personal is what may be somebody's address or number. A saved statement outlives an erasure, so it must hold none.
	personal = regexp.MustCompile(`[\pL\pN._+-]+@[\pL\pN-]+\.\pL{2,}|'\+[0-9][0-9 ().-]{6,}'`)
)

// check reports every fault of what is to be saved, but those of the statement itself.
func (s *Saved) check() error {
	var faults event.Errors
	if !savedName.MatchString(s.Name) {
		faults.Add("name", "must be lower-case letters, digits, _ and -, at most 64, the first a letter")
	}
	if utf8.RuneCountInString(s.Description) > maxDescription || !utf8.ValidString(s.Description) {
		faults.Add("description", fmt.Sprintf("must be text of at most %d characters", maxDescription))
	}
	if strings.TrimSpace(s.SQL) == "" {
		faults.Add("sql", "is required")
	}
	for field, text := range map[string]string{"sql": s.SQL, "description": s.Description} {
		if personal.MatchString(text) {
			faults.Add(field, "holds what may be somebody's address or number, which would outlive their erasure: make it a parameter")
		}
	}
	for i, p := range s.Params {
		if len(p.Default) > 0 && personal.MatchString("'"+strings.Trim(string(p.Default), `"`)+"'") {
			faults.Add(fmt.Sprintf("params[%d].default", i), "may be somebody's address or number, which would outlive their erasure: leave it to who runs it")
		}
	}
	return faults.Err()
}

// declare makes what is said of parameters and those that the statement has one list.
func (s *Saved) declare(statement *Statement) error {
	var faults event.Errors
	said := map[string]SavedParam{}
	for i, p := range s.Params {
		path := fmt.Sprintf("params[%d].", i)
		at := slices.IndexFunc(statement.Params, func(q Param) bool { return q.Name == p.Name })
		if _, twice := said[p.Name]; twice {
			faults.Add(path+"name", "is there twice")
		}
		said[p.Name] = p
		switch {
		case at < 0:
			faults.Add(path+"name", "is none that the statement has")
		case p.Type != "" && !sameType(p.Type, statement.Params[at].Type):
			faults.Add(path+"type", "is not that of the statement, "+statement.Params[at].Type)
		}
		if _, err := p.value(); err != nil {
			faults.Add(path+"default", err.Error())
		}
	}
	s.Params = make([]SavedParam, len(statement.Params))
	for i, p := range statement.Params {
		s.Params[i] = SavedParam{Name: p.Name, Type: p.Type, Default: said[p.Name].Default}
	}
	return faults.Err()
}

func sameType(said, is string) bool {
	parsed, err := parseType(said)
	return err == nil && parsed == is
}

// value is the default of a parameter; nil for none.
func (p *SavedParam) value() (any, error) {
	if len(p.Default) == 0 || string(p.Default) == "null" {
		return nil, nil
	}
	d := json.NewDecoder(bytes.NewReader(p.Default))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("is not JSON")
	}
	_, err := paramValue(v)
	return v, err
}

// Values are those with which a run is: what it gives, and the defaults.
func (s *Saved) Values(given map[string]any) (map[string]any, error) {
	values := map[string]any{}
	for i := range s.Params {
		p := &s.Params[i]
		v, err := p.value()
		if err != nil {
			return nil, fmt.Errorf("read the default of a parameter: %w", err)
		}
		if v != nil {
			values[p.Name] = v
		}
	}
	for name, v := range given {
		values[name] = v
	}
	return values, nil
}

// defaults is a statement that does nothing but read the defaults by their types; "" if there are none.
func (s *Saved) defaults() string {
	var list []string
	for _, p := range s.Params {
		if len(p.Default) > 0 && string(p.Default) != "null" {
			list = append(list, "{"+p.Name+":"+p.Type+"}")
		}
	}
	if len(list) == 0 {
		return ""
	}
	return "SELECT " + strings.Join(list, ", ")
}
