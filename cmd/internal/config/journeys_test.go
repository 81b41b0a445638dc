package config

import (
	"strings"
	"testing"
)

func TestClassifierIsOffUnlessConfigured(t *testing.T) {
	c := Default().Journeys.Classifier
	if x, err := c.Outside(); x != nil || err != nil || len(c.faults()) > 0 {
		t.Errorf("%v, %v, %v", x, err, c.faults())
	}
	c.URL, c.Model, c.Key = "https://models.example/v1", "small", "env:CLASSIFIER_TEST_KEY"
	if _, err := c.Outside(); err == nil || !strings.Contains(err.Error(), "journeys.classifier.key") {
		t.Errorf("without its key: %v", err)
	}
	t.Setenv("CLASSIFIER_TEST_KEY", "k")
	x, err := c.Outside()
	if err != nil || x.Model() != "small" || len(c.faults()) > 0 {
		t.Fatalf("%v, %v", err, c.faults())
	}
	x.Close()
}

func TestFaultsOfAClassifier(t *testing.T) {
	for url, ok := range map[string]bool{
		"https://models.example/v1": true, "http://127.0.0.1:8000/v1": true, "http://localhost:1/v1": true, "http://models.example/v1": false,
		"https://user:pass@models.example": false, "models.example": false, "ftp://models.example": false, "https://models.example/v1?a=b": false,
	} {
		c := Default().Journeys.Classifier
		c.URL, c.Model = url, "m"
		if faults := c.faults(); (len(faults) == 0) != ok {
			t.Errorf("%s: %v", url, faults)
		}
	}
	c := Classifier{URL: "https://models.example", Key: "sk-secret"}
	if faults := c.faults(); len(faults) != 6 || strings.Contains(faults[1].Error(), "sk-secret") {
		t.Errorf("%v", faults)
	}
}
