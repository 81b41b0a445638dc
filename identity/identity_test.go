package identity_test

import (
	"fmt"
	"maps"
	"reflect"
	"strings"

	"tributary/identity"
	"tributary/identity/identitytest"
)

var uuidZero identity.ObservationID

func testKey() []byte {
	key := make([]byte, 32)
	for i := range key {
		key[i] = byte(i)
	}
	return key
}

func check(t interface {
	Helper()
	Fatal(...any)
}, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func cloneBook(b *identitytest.Book) map[identity.ObservationID]identity.Assignment {
	return maps.Clone(b.Assignments)
}

// difference tells where two books differ; empty when they do not.
func difference(want, got map[identity.ObservationID]identity.Assignment) string {
	var b strings.Builder
	for id, w := range want {
		if g := got[id]; !reflect.DeepEqual(w, g) {
			fmt.Fprintf(&b, "-%+v\n+%+v\n", w, g)
		}
	}
	for id, g := range got {
		if _, ok := want[id]; !ok {
			fmt.Fprintf(&b, "+%+v\n", g)
		}
	}
	return b.String()
}

func newEngine(t interface {
	Helper()
	Fatal(...any)
}, c identity.Config) *identity.Engine {
	t.Helper()
	c.Key = testKey()
	e, err := identity.New(c)
	check(t, err)
	return e
}
