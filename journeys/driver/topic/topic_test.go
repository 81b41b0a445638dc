package topic

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestFeatures(t *testing.T) {
	for text, want := range map[string][]string{
		"Refunds, REFUNDED!":             {"refund", "refund refund"}, //nolint:dupword // a pair of equal words
		"My order 4711 a@b.example":      {"my", "my order", "order"},
		"我要退款":                           {"我要", "要退", "退款"},
		"ＲＥＦＵＮＤ 退款":                      {"refund", "退款"},
		"{product_purchased} don't work": {"dont", "dont work", "product", "product purchas", "purchas", "purchas dont", "work"},
		"":                               nil,
	} {
		if got := Features(text); !slices.Equal(got, want) {
			t.Errorf("%q has %q, want %q", text, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		all := Features(rapid.String().Draw(t, "text"))
		if !slices.IsSorted(all) || len(slices.Compact(slices.Clone(all))) != len(all) || slices.ContainsFunc(all, func(f string) bool { return strings.ContainsAny(f, "0123456789@") }) {
			t.Fatalf("%q", all)
		}
	})
}

// TestLexicon: every word of the lexicon, said alone, is about a topic that has it; and what customers say in both languages.
func TestLexicon(t *testing.T) {
	m := New(nil)
	for _, e := range lexicon {
		for _, word := range e.Strong {
			if v := m.Judge(word); v.Topic == Unknown {
				t.Errorf("%q of %s is about nothing (%.2f)", word, e.Topic, v.Confidence)
			}
		}
	}
	for text, want := range map[string]string{
		"Where is my refund? I sent the phone back two weeks ago.": "billing/refund",
		"I was charged twice for March":                            "billing/charge",
		"The internet is down again since this morning":            "product/outage",
		"I forgot my password and the code never comes":            "account/password",
		"我要退款，已经一个星期了":                                             "billing/refund",
		"快递还没收到":                                                   "delivery/late",
		"我的密碼忘記了":                                                  "account/password",
		"你们客服态度恶劣":                                                 "service/agent",
		"Please cancel my subscription":                            "account/cancellation",
		"hello, how are you":                                       Unknown,
		"你好":                                                       Unknown,
		"":                                                         Unknown,
	} {
		v := m.Judge(text)
		if v.Topic != want {
			t.Errorf("%q is about %s (%.2f by %q), want %s", text, v.Topic, v.Confidence, v.Words, want)
		}
		if (v.Topic == Unknown) != (len(v.Words) == 0) {
			t.Errorf("%q is about %s by %q", text, v.Topic, v.Words)
		}
	}
}

// made are labelled texts in words that the lexicon has not.
func made(n int) []Label {
	r := rand.New(rand.NewPCG(3, 1))
	slang := map[string][]string{
		"billing/refund": {"gimme", "dosh", "cashola", "要回", "血汗"}, "product/outage": {"kaput", "blackness", "zilch", "全黑", "没反应"}, "service/wait": {"eternity", "muzak", "aeon", "转接", "机器人"},
	}
	topics := []string{"billing/refund", "product/outage", "service/wait"}
	var labels []Label
	for i := range n {
		t := topics[i%len(topics)]
		words := slang[t]
		text := fmt.Sprintf("well %s then %s thanks %s", words[r.IntN(5)], words[r.IntN(5)], []string{"really", "sir", "please", "again"}[r.IntN(4)])
		if r.IntN(10) == 0 {
			t = topics[r.IntN(3)] // people err
		}
		labels = append(labels, Label{Key: fmt.Sprint(i), Text: text, Topic: t})
	}
	return labels
}

func TestLabelsTeach(t *testing.T) {
	before := New(nil)
	m := New(made(300))
	text := "well eternity then muzak"
	if v := before.Judge(text); v.Topic != Unknown {
		t.Fatalf("%+v before anybody said so", v)
	}
	if v := m.Judge(text); v.Topic != "service/wait" || !slices.Contains(v.Words, "muzak") {
		t.Errorf("%+v, want service/wait", v)
	}
	if v := m.Judge("I want a refund"); v.Topic != "billing/refund" {
		t.Errorf("the lexicon was forgotten: %+v", v)
	}
	if q := m.Quality; !q.Calibrated || q.Labels != 300 || q.Accuracy < .8 || q.CalibrationError > .1 {
		t.Errorf("%+v", q)
	}
	if q := New(made(20)).Quality; q.Calibrated || q.Labels != 20 {
		t.Errorf("twenty labels: %+v", q)
	}
	if q := New([]Label{{Key: "a", Text: "x", Topic: "no/topic"}}).Quality; q.Labels != 0 {
		t.Errorf("a topic that there is none of: %+v", q)
	}
}

// TestTheOrderOfLabelsDoesNotMatter.
func TestTheOrderOfLabelsDoesNotMatter(t *testing.T) {
	labels := made(80)
	one := New(labels)
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(labels), func(i, j int) { labels[i], labels[j] = labels[j], labels[i] })
	two := New(labels)
	if !reflect.DeepEqual(one, two) {
		t.Error("the order of labels makes another model")
	}
}

func TestConfidenceIsAProbability(t *testing.T) {
	m := New(made(60))
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"refund late parcel", "没反应 kaput", strings.Repeat("refund ", 500)})).Draw(t, "text")
		if v := m.Judge(text); !(v.Confidence >= 0 && v.Confidence <= 1+1e-12) || v.Topic != Unknown && v.Confidence < m.Threshold {
			t.Fatalf("%+v", v)
		}
		sum := 0.0
		for _, p := range m.probabilities(Features(text), m.temperature) {
			sum += p
		}
		if math.Abs(sum-1) > 1e-9 {
			t.Fatalf("probabilities add up to %v", sum)
		}
	})
}

func TestTaxonomyFaults(t *testing.T) {
	for _, bad := range []string{"- topic: x\n  strong: [a b]", "- topic: a/b", "- {topic: a/b, strong: ['1']}", "- {topic: a/b, strong: [ab], x: 1}", "- {topic: a/b, strong: [ab]}\n- {topic: a/b, strong: [ab]}"} {
		if _, err := parse([]byte(bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// TestPublicTickets reports what the model makes of a public file of support tickets, where there is one: of how many texts the
// lexicon knows the topic, and how many of held-out tickets a model finds that was taught with others' subjects.
func TestPublicTickets(t *testing.T) {
	file, err := os.Open("../../../../shared/data/customer_support_tickets.csv.gz")
	if errors.Is(err, fs.ErrNotExist) && os.Getenv("CI") == "" {
		t.Skip("the data set is not beside the repository")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(unzipped).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	m, bySubject, known := New(nil), 0, 0
	for _, row := range rows[1:] {
		if m.Judge(row[8]).Topic != Unknown {
			bySubject++
		}
		if m.Judge(row[9]).Topic != Unknown {
			known++
		}
	}
	t.Logf("of %d tickets the lexicon knows the topic of %d subjects and %d descriptions", len(rows)-1, bySubject, known)
}
