package importer

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
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

var cxFieldNames = slices.Sorted(maps.Keys(cxIndex))

// cxField sets one typed field of one event.CX, which is used again for each event, and so are the
// numbers that it points to.
type cxField struct {
	field  reflect.Value
	number reflect.Value // of an optional number: what field then points to
}

func newCXField(cx *event.CX, name string) cxField {
	f := cxField{field: reflect.ValueOf(cx).Elem().Field(cxIndex[name])}
	if f.field.Kind() == reflect.Pointer {
		f.number = reflect.New(f.field.Type().Elem())
	}
	return f
}

// set sets the field from a text of a file.
func (f *cxField) set(text string) error {
	target := f.field
	if f.number.IsValid() {
		target = f.number.Elem()
	}
	switch target.Kind() {
	case reflect.String:
		target.SetString(text)
	case reflect.Float64:
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return errors.New("is not a number")
		}
		target.SetFloat(n)
	case reflect.Int64:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return errors.New("is not a whole number")
		}
		target.SetInt(n)
	default:
		return fmt.Errorf("a field of type %s cannot be set from text", f.field.Type())
	}
	if f.number.IsValid() {
		f.field.Set(f.number)
	}
	return nil
}
