package importer

import (
	"errors"
	"fmt"
	"reflect"
	"sort"
	"strconv"
	"strings"

	"tributary/ingest/event"
)

// cxIndex holds the place of every typed field in event.CX by its name in the vocabulary.
var cxIndex = func() map[string]int {
	index := map[string]int{}
	t := reflect.TypeFor[event.CX]()
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		index[name] = i
	}
	return index
}()

var cxFieldNames = func() []string {
	var names []string
	for name := range cxIndex {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}()

// setCX sets a typed field from the text of a file.
func setCX(cx *event.CX, name, text string) error {
	field := reflect.ValueOf(cx).Elem().Field(cxIndex[name])
	target := field
	if field.Kind() == reflect.Pointer {
		target = reflect.New(field.Type().Elem()).Elem()
	}
	switch target.Kind() {
	case reflect.String:
		target.SetString(text)
	case reflect.Float64:
		n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil {
			return errors.New("is not a number")
		}
		target.SetFloat(n)
	case reflect.Int64:
		n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
		if err != nil {
			return errors.New("is not a whole number")
		}
		target.SetInt(n)
	default:
		return fmt.Errorf("a field of type %s cannot be set from text", field.Type())
	}
	if field.Kind() == reflect.Pointer {
		field.Set(target.Addr())
	}
	return nil
}
