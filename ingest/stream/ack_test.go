package stream

import (
	"errors"
	"slices"
	"testing"
)

func TestAnAcknowledgementNamesTheLastOfEachPartition(t *testing.T) {
	text := Acknowledge("acme", []Position{{7, 3}, {7, 4}, {2, 1 << 40}, {7, 1}})
	at, err := Acknowledged("acme", text)
	if want := []Position{{2, 1 << 40}, {7, 4}}; err != nil || !slices.Equal(at, want) {
		t.Errorf("%v, %v, want %v", at, err, want)
	}
	if _, err := Acknowledged("other", text); !errors.Is(err, ErrAcknowledgement) {
		t.Errorf("another workspace's is taken: %v", err)
	}
}

func FuzzAcknowledged(f *testing.F) {
	f.Add(Acknowledge("acme", []Position{{1, 2}, {3, 4}}))
	f.Add("")
	f.Add("AQ")
	f.Fuzz(func(t *testing.T, text string) {
		at, err := Acknowledged("acme", text)
		if (err == nil) != (len(at) > 0) {
			t.Fatalf("%v, %v", at, err)
		}
		if err != nil {
			return
		}
		again, err := Acknowledged("acme", Acknowledge("acme", at))
		if err != nil || len(again) > len(at) {
			t.Fatalf("%v became %v, %v", at, again, err)
		}
	})
}
