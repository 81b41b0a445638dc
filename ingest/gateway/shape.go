package gateway

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"tributary/ingest/event"
)

// A shape says of which JSON type a value must be. Requests are decoded into structs, which stops
// at, or tells of, one wrong type only; when that fails, the shape of the request finds every
// wrong type with its path.
type shape struct {
	kind   kind
	fields map[string]*shape // of an object; others may be there and are not looked at
	item   *shape            // of a list
}

type kind uint8

const (
	kindText kind = iota
	kindScalar
	kindWhole
	kindNumber
	kindFlag
	kindObject
	kindList
	kindCompany
)

var kindReasons = [...]string{
	kindText:    "must be a string",
	kindScalar:  "must be a string or a number",
	kindWhole:   "must be a whole number of at most 64 bits",
	kindNumber:  "must be a number within the range of a double",
	kindFlag:    "must be true or false",
	kindObject:  "must be an object",
	kindList:    "must be a list",
	kindCompany: "must be an object or a string",
}

var (
	text, scalarText = &shape{kind: kindText}, &shape{kind: kindScalar}
	anyObject        = &shape{kind: kindObject}
)

func objectOf(fields map[string]*shape) *shape { return &shape{kind: kindObject, fields: fields} }
func listOf(item *shape) *shape                { return &shape{kind: kindList, item: item} }

var identifierShape = objectOf(map[string]*shape{"type": text, "value": text})

var traitsShape = objectOf(map[string]*shape{
	"email": text, "phone": scalarText, "name": text, "gender": text, "birthday": text,
	"firstName": text, "first_name": text, "middleName": text, "middle_name": text,
	"lastName": text, "last_name": text, "suffix": text,
	"address": objectOf(map[string]*shape{
		"street": text, "city": text, "state": text, "postalCode": scalarText, "postal_code": scalarText, "country": text,
	}),
	"company": {kind: kindCompany, fields: map[string]*shape{"name": text}},
})

var contextShape = objectOf(map[string]*shape{
	"channel": text, "groupId": text, "order": {kind: kindWhole},
	"membership":   objectOf(membershipFields),
	"library":      objectOf(map[string]*shape{"name": text}),
	"device":       objectOf(map[string]*shape{"id": text, "advertisingId": text}),
	"traits":       traitsShape,
	"record":       objectOf(map[string]*shape{"id": scalarText, "version": scalarText, "deleted": {kind: kindFlag}}),
	"identifiers":  listOf(identifierShape),
	"participants": listOf(objectOf(map[string]*shape{"role": text, "identifier": identifierShape})),
})

// cxShape follows from the fields of event.CX.
var cxShape = func() *shape {
	fields := map[string]*shape{}
	t := reflect.TypeFor[event.CX]()
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		of := t.Field(i).Type
		if of.Kind() == reflect.Pointer {
			of = of.Elem()
		}
		switch of.Kind() {
		case reflect.Int64:
			fields[name] = &shape{kind: kindWhole}
		case reflect.Float64:
			fields[name] = &shape{kind: kindNumber}
		default:
			fields[name] = text
		}
	}
	fields["amount"] = scalarText
	for name := range consentFields {
		delete(fields, name)
	}
	for name := range membershipFields {
		delete(fields, name)
	}
	for name := range commitmentFields {
		delete(fields, name)
	}
	return objectOf(fields)
}()

// propertiesShape is that of the properties of a call: only events of the vocabulary have typed ones.
func propertiesShape(kind event.Type, name string) *shape {
	switch {
	case kind != event.TypeTrack || !event.InVocabulary(name):
		return anyObject
	case aboutConsent(name):
		return consentShape
	case aboutMembership(name):
		return membershipShape
	case event.AboutCommitment(name):
		return commitmentShape
	}
	return cxShape
}

// callShape is the shape of one call. The traits of a group are not a person's.
func callShape(personal bool, properties *shape) *shape {
	fields := map[string]*shape{
		"type": text, "messageId": text, "userId": text, "anonymousId": text, "previousId": text,
		"groupId": text, "event": text, "name": text, "category": text, "channel": text, "writeKey": text,
		"timestamp": text, "originalTimestamp": text, "sentAt": text,
		"traits": anyObject, "properties": properties, "context": contextShape,
	}
	fields["traits"] = groupTraitsShape
	if personal {
		fields["traits"] = traitsShape
	}
	return objectOf(fields)
}

var batchShape = objectOf(map[string]*shape{
	"batch": {kind: kindList}, "sentAt": text, "writeKey": text, "context": anyObject,
})

// clean adds a fault for every value of raw with a wrong type, and returns raw without them; nil
// if raw itself is wrong. raw must be valid JSON.
func (s *shape) clean(path string, raw json.RawMessage, faults *event.Errors) json.RawMessage {
	raw = bytes.TrimSpace(raw)
	if string(raw) == "null" {
		return raw
	}
	if !s.kind.matches(raw) {
		faults.Add(path, kindReasons[s.kind])
		return nil
	}
	switch {
	case raw[0] == '{' && s.fields != nil:
		return s.cleanObject(path, raw, faults)
	case s.item != nil:
		return s.cleanList(path, raw, faults)
	}
	return raw
}

func (s *shape) cleanObject(path string, raw json.RawMessage, faults *event.Errors) json.RawMessage {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		faults.Add(orBody(path), "is not valid JSON")
		return nil
	}
	names := make([]string, 0, len(s.fields))
	for name := range s.fields {
		if _, there := members[name]; there {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if left := s.fields[name].clean(join(path, name), members[name], faults); left == nil {
			delete(members, name)
		} else {
			members[name] = left
		}
	}
	left, err := json.Marshal(members)
	if err != nil {
		return nil
	}
	return left
}

func (s *shape) cleanList(path string, raw json.RawMessage, faults *event.Errors) json.RawMessage {
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		faults.Add(orBody(path), "is not valid JSON")
		return nil
	}
	for i := range items {
		if len(*faults) >= event.MaxFaults {
			return nil // there is enough to say, and nothing of it will be used
		}
		if items[i] = s.item.clean(fmt.Sprintf("%s[%d]", path, i), items[i], faults); items[i] == nil {
			items[i] = json.RawMessage("null") // the others keep their places
		}
	}
	left, err := json.Marshal(items)
	if err != nil {
		return nil
	}
	return left
}

func (k kind) matches(raw []byte) bool {
	isNumber := raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9'
	switch k {
	case kindText:
		return raw[0] == '"'
	case kindScalar:
		return raw[0] == '"' || isNumber
	case kindWhole:
		_, err := strconv.ParseInt(string(raw), 10, 64)
		return err == nil
	case kindNumber:
		f, err := strconv.ParseFloat(string(raw), 64)
		return isNumber && err == nil && !math.IsInf(f, 0)
	case kindFlag:
		return raw[0] == 't' || raw[0] == 'f'
	case kindList:
		return raw[0] == '['
	case kindCompany:
		return raw[0] == '{' || raw[0] == '"'
	default:
		return raw[0] == '{'
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func orBody(path string) string {
	if path == "" {
		return "body"
	}
	return path
}
