package mapping

import (
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"tributary/ingest/connector/field"
	"tributary/ingest/event"
)

// cxFields holds the place of every typed field in event.CX by its name.
var cxFields = func() map[string]int {
	fields := map[string]int{}
	t := reflect.TypeFor[event.CX]()
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		fields[name] = i
	}
	return fields
}()

func cxNames() []string {
	names := make([]string, 0, len(cxFields))
	for name := range cxFields {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

var (
	errNumber = errors.New("is not a number")
	errWhole  = errors.New("is not a whole number")
)

// words are the fields that people read: they are cut to what an event holds, for the whole is in the
// properties. Ids are not: a cut id is another's.
var words = map[string]bool{
	"team": true, "queue": true, "skill": true, "topic": true, "disposition": true, "priority": true, "product": true, "entitlement": true, "model": true,
}

// setCX sets the i-th typed field from a text that is not empty.
func setCX(cx *event.CX, name string, i int, s string) error {
	if words[name] {
		s = field.Clip(s)
	}
	target := reflect.ValueOf(cx).Elem().Field(i)
	switch value := target.Addr().Interface().(type) {
	case *string:
		*value = s
	case **float64:
		n, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return errNumber
		}
		*value = &n
	case *int64, **int64:
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return errWhole
		}
		if target.Kind() == reflect.Pointer {
			target.Set(reflect.ValueOf(&n))
		} else {
			target.SetInt(n)
		}
	default: // named strings
		target.SetString(s)
	}
	return nil
}
