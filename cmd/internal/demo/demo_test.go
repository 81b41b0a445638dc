package demo

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/nyaruka/phonenumbers"
)

func generate(t testing.TB, customers int) *Company {
	t.Helper()
	c, err := Generate(Config{Customers: customers, Until: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func digest(t *testing.T, c *Company) [32]byte {
	t.Helper()
	var out bytes.Buffer
	for _, item := range c.Items {
		out.Write(item.Body)
	}
	if err := c.WriteTruth(&out); err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(out.Bytes())
}

func TestSameSeedSameCompany(t *testing.T) {
	a, b := digest(t, generate(t, 200)), digest(t, generate(t, 200))
	if a != b {
		t.Fatal("two runs with one seed differ")
	}
}

// TestHoldsWhatItPromises looks for each kind of trouble that the demo is there to show.
func TestHoldsWhatItPromises(t *testing.T) {
	c := generate(t, 1000)
	perSource, names, channels := map[string]int{}, map[string]int{}, map[string]int{}
	outOfOrder, skewed := 0, 0
	last := map[string]string{}
	ids := map[string]int{}
	for _, item := range c.Items {
		perSource[item.Source]++
		if item.Person == "" {
			continue // malformed
		}
		var m Message
		if err := json.Unmarshal(item.Body, &m); err != nil {
			t.Fatal(err)
		}
		ids[item.Source+m.MessageID]++
		names[m.Event]++
		if channel, ok := m.Context["channel"].(string); ok {
			channels[channel]++
		}
		if m.Timestamp < last[item.Person] {
			outOfOrder++
		}
		last[item.Person] = m.Timestamp
		if item.Skew != 0 {
			skewed++
		}
	}
	for _, source := range Sources {
		if perSource[source] == 0 {
			t.Errorf("source %s sends nothing", source)
		}
	}
	for _, channel := range []string{"web", "app", "email", "chat", "voice", "sms", "rcs"} {
		if channels[channel] == 0 {
			t.Errorf("channel %s is not used", channel)
		}
	}
	for _, name := range []string{"conversation.handed_off", "survey.answered", "invoice.payment_failed", "case.reopened", "conversation.identified", "consent.changed"} {
		if names[name] == 0 {
			t.Errorf("no event %s", name)
		}
	}
	doubled := 0
	for _, n := range ids {
		if n > 1 {
			doubled++
		}
	}
	if doubled == 0 || c.Conflicting == 0 || c.Malformed == 0 || outOfOrder == 0 || skewed == 0 {
		t.Errorf("doubled %d, conflicting %d, malformed %d, out of order %d, skewed %d: want all above 0",
			doubled, c.Conflicting, c.Malformed, outOfOrder, skewed)
	}
	phones, mailboxes := 0, 0
	for _, p := range c.People {
		if p.SharesPhone {
			phones++
		}
		if p.SharesMailbox {
			mailboxes++
		}
	}
	if phones == 0 || mailboxes == 0 {
		t.Errorf("%d share a phone and %d a mailbox: want some of each", phones, mailboxes)
	}
	t.Logf("%d items, %v, %d share a phone, %d a mailbox", len(c.Items), perSource, phones, mailboxes)
}

// TestNobodyReal holds the generator to reserved numbers and addresses.
func TestNobodyReal(t *testing.T) {
	seen := map[string]string{}
	for _, p := range generate(t, maxCustomers/4).People {
		number, err := phonenumbers.Parse(p.Phone, "")
		if err != nil || !phonenumbers.IsValidNumber(number) {
			t.Fatalf("%s: %q is no valid number: %v", p.ID, p.Phone, err)
		}
		if p.Phone[5:10] != "55501" {
			t.Errorf("%s is not one of the numbers reserved for fiction", p.Phone)
		}
		for _, address := range []string{p.Email, p.SecondEmail} {
			if address == "" {
				continue
			}
			if _, domain, _ := strings.Cut(address, "@"); !strings.HasPrefix(domain, "example.") {
				t.Errorf("%s is not a reserved domain", domain)
			}
			if other := seen[address]; other != "" && !p.SharesMailbox {
				t.Errorf("%s and %s have one address without sharing it", p.ID, other)
			}
			seen[address] = p.ID
		}
	}
}

func TestConfigFaultsAllAtOnce(t *testing.T) {
	_, err := Generate(Config{Customers: 3, Days: 1000})
	for _, part := range []string{"customers:", "days:", "until:"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v does not name %s", err, part)
		}
	}
}
