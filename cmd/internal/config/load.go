package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"sort"
	"strings"

	"github.com/goccy/go-yaml"
)

// EnvPrefix begins the name of every environment variable that overrides a key: the key
// log.kafka.brokers is TRIBUTARY_LOG_KAFKA_BROKERS.
const EnvPrefix = "TRIBUTARY_"

// reserved are variables of the same prefix that are not keys of the file.
var reserved = []string{
	"TRIBUTARY_CONFIG",   // path of the file
	"TRIBUTARY_CHDB_LIB", // where the engine's library is, for tests and tools
	"TRIBUTARY_URL",      // of a server, for tributary mcp
	"TRIBUTARY_KEY",      // likewise
	"TRIBUTARY_SOAK",     // how long the engine's soak test runs
}

// Load reads the file at path ("" for none) over the defaults, lets variables of environ
// ("NAME=value") override single keys, and validates. Unknown keys and variables are faults; all
// faults are returned at once, joined.
func Load(path string, environ []string) (Config, error) {
	c := Default()
	if path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return c, fmt.Errorf("read configuration: %w", err)
		}
		if err := decode(text, &c); err != nil {
			return c, fmt.Errorf("configuration %s:\n%w", path, err)
		}
	}
	faults := override(&c, environ)
	faults = append(faults, c.Validate())
	if err := errors.Join(faults...); err != nil {
		return c, fmt.Errorf("configuration:\n%w", err)
	}
	return c, nil
}

// decode is strict: a key that does not exist is an error that shows its line.
func decode(text []byte, into any) error {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil
	}
	return yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(into)
}

// override sets the keys that environ names.
func override(c *Config, environ []string) []error {
	fields := leaves(reflect.ValueOf(c).Elem(), nil)
	var faults []error
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, EnvPrefix) || slices.Contains(reserved, name) {
			continue
		}
		field, ok := fields[name]
		if !ok {
			faults = append(faults, fmt.Errorf("%s: no such key; `tributary config keys` lists all", name))
			continue
		}
		if err := setText(field, value); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", name, err))
		}
	}
	return faults
}

// setText sets a leaf from text: a string takes it as it is, everything else is read as YAML.
func setText(field reflect.Value, value string) error {
	if field.Kind() == reflect.String {
		field.SetString(value)
		return nil
	}
	if err := yaml.Unmarshal([]byte(value), field.Addr().Interface()); err != nil {
		return fmt.Errorf("must be %s", form(field.Type()))
	}
	return nil
}

// form says how a value of a type is written.
func form(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[Duration]():
		return "a duration such as 500ms, 30s, 12h or 7d"
	case reflect.TypeFor[Size]():
		return "a size such as 64MiB or 4GiB"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list such as [a, b]"
	case reflect.Map:
		return "a map such as {a: b}"
	case reflect.Float32, reflect.Float64:
		return "a number"
	default:
		return "a whole number"
	}
}

// Keys returns the environment variable of every key, sorted.
func Keys() []string {
	c := Default()
	var names []string
	for name := range leaves(reflect.ValueOf(&c).Elem(), nil) {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// leaves maps the variable name of every key to its field.
func leaves(v reflect.Value, path []string) map[string]reflect.Value {
	found := map[string]reflect.Value{}
	for i := range v.NumField() {
		tag, options, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		if tag == "-" || (tag == "" && options != "inline") {
			continue
		}
		here := path
		if options != "inline" {
			here = append(slices.Clone(path), tag)
		}
		if v.Field(i).Kind() == reflect.Struct {
			for name, leaf := range leaves(v.Field(i), here) {
				found[name] = leaf
			}
			continue
		}
		found[EnvPrefix+strings.ToUpper(strings.Join(here, "_"))] = v.Field(i)
	}
	return found
}
