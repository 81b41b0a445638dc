package consent_test

import (
	"bytes"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"tributary/ingest/event"
	"tributary/profiles/consent"
)

func encoded(t interface{ Fatal(...any) }, l *consent.Ledger) []byte {
	data, err := l.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestLedgerIsAFunctionOfTheSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Custom(drawStatement), 1, 20).Draw(t, "said")
		held := rapid.SliceOfN(rapid.Custom(drawStatement), 0, 5).Draw(t, "held")
		again := rapid.Permutation(append(all[:len(all):len(all)], all[:len(all)/2]...)).Draw(t, "again")
		heldAgain := rapid.Permutation(held).Draw(t, "held again")
		a, b := &consent.Ledger{}, &consent.Ledger{}
		for _, s := range all {
			a.Add(s)
		}
		for _, s := range held {
			a.Hold(s)
		}
		for _, s := range heldAgain {
			b.Hold(s)
		}
		for _, s := range again {
			b.Add(s)
		}
		if !bytes.Equal(encoded(t, a), encoded(t, b)) {
			t.Fatalf("%+v\nis not\n%+v", a.Statements(), b.Statements())
		}
		for _, s := range all {
			if a.Add(s) {
				t.Fatalf("adding %+v again changed something", s)
			}
		}
		c := &consent.Ledger{}
		if err := c.UnmarshalBinary(encoded(t, a)); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(encoded(t, a), encoded(t, c)) {
			t.Fatal("it decodes to something else")
		}
	})
}

// A ledger with more purposes than it has room for is the same in any order, and what was refused stays
// refused though everything was granted before.
func TestLedgerIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := []consent.Statement{said("", "", event.ConsentGranted, 0)}
		for i := range rapid.IntRange(100, 300).Draw(t, "purposes") {
			status := rapid.SampledFrom(statuses).Draw(t, "status")
			all = append(all, said(event.ChannelEmail, fmt.Sprintf("p%03d", i), status, i+1))
		}
		a, b := ledger(all...), ledger(rapid.Permutation(all).Draw(t, "order")...)
		if !bytes.Equal(encoded(t, a), encoded(t, b)) {
			t.Fatal("it depends on the order")
		}
		if n := len(a.Statements()); n > 4*128 {
			t.Fatalf("%d statements are kept", n)
		}
		p := consent.Project([]consent.Register{{Subject: email("a"), Ledger: a}}, after(1000))
		for _, s := range all {
			if d := p.Decide(email("a"), s.Channel, s.Purpose); s.Status == event.ConsentRefused && d.Allowed {
				t.Fatalf("%s is allowed though it was refused", s.Purpose)
			}
		}
	})
}

func TestLaterStands(t *testing.T) {
	granted, refused := said("", "marketing", event.ConsentGranted, 5), said("", "marketing", event.ConsentRefused, 5)
	granted.MessageID, refused.MessageID = "z", "a"
	if refused.Compare(&granted) <= 0 {
		t.Error("of equal time the grant beats the refusal")
	}
	later := said("", "marketing", event.ConsentGranted, 6)
	if later.Compare(&refused) <= 0 {
		t.Error("a later grant does not stand")
	}
	other := granted
	other.MessageID = "zz"
	if other.Compare(&granted) <= 0 {
		t.Error("ties do not go by message id")
	}
}

func FuzzUnmarshal(f *testing.F) {
	f.Add(encoded(f, ledger(said("", "", event.ConsentGranted, 1), said(event.ChannelEmail, "marketing", event.ConsentRefused, 2))))
	f.Add(encoded(f, &consent.Ledger{}))
	f.Fuzz(func(t *testing.T, data []byte) {
		l := &consent.Ledger{}
		if l.UnmarshalBinary(data) != nil {
			return
		}
		again := &consent.Ledger{}
		if err := again.UnmarshalBinary(encoded(t, l)); err != nil {
			t.Fatalf("what was written is not read: %v", err)
		}
		if !bytes.Equal(encoded(t, l), encoded(t, again)) {
			t.Fatal("it does not come back")
		}
	})
}
