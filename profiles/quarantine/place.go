package quarantine

import (
	"errors"
	"fmt"

	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles/state"
)

// Place names a quarantined item: where its record stands in the log, and which of the record's rows it is.
type Place struct {
	stream.Position
	Ordinal uint32
}

// PlaceOf is the place of an item.
func PlaceOf(i *state.Item) Place { return Place{i.Position, i.Ordinal} }

// String returns "partition-offset-ordinal".
func (p Place) String() string { return fmt.Sprintf("%d-%d-%d", p.Partition, p.Offset, p.Ordinal) }

// placeForm is what a place looks like, for those who wrote something else.
const placeForm = "must be partition-offset-ordinal, such as 3-1024-0"

var errPlace = errors.New(placeForm)

// ParsePlace parses what String returns. Its error is a phrase that follows the field's name.
func ParsePlace(s string) (Place, error) {
	var p Place
	var rest string
	if n, _ := fmt.Sscanf(s+" .", "%d-%d-%d %s", &p.Partition, &p.Offset, &p.Ordinal, &rest); n != 4 || p.String() != s {
		return Place{}, errPlace
	}
	return p, nil
}

// ParsePlaces parses the places of a request, in the field places. It reports every fault (event.Errors).
func ParsePlaces(texts []string) ([]Place, error) {
	var faults event.Errors
	if len(texts) > MaxPlaces {
		faults.Add("places", fmt.Sprintf("may be %d", MaxPlaces))
		return nil, faults
	}
	places := make([]Place, len(texts))
	for i, text := range texts {
		var err error
		if places[i], err = ParsePlace(text); err != nil {
			faults.Add(fmt.Sprintf("places[%d]", i), placeForm)
		}
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return places, nil
}
