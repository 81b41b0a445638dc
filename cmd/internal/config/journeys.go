package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"tributary/ingest/connector"
	"tributary/journeys/driver/classify"
	"tributary/journeys/driver/topic"
)

// Journeys is how reports are made.
type Journeys struct {
	Classifier Classifier `yaml:"classifier"`
}

// Classifier is a model outside that is asked what conversations are about.
type Classifier struct {
	URL         string   `yaml:"url"` // empty: none
	Model       string   `yaml:"model"`
	Key         string   `yaml:"key"` // env:NAME or file:/path
	Timeout     Duration `yaml:"timeout"`
	Wait        Duration `yaml:"wait"`
	Concurrency int      `yaml:"concurrency"`
	PerDay      int      `yaml:"per_day"`
}

func defaultJourneys() Journeys {
	return Journeys{Classifier{
		Timeout: Duration(classify.DefaultTimeout), Wait: Duration(classify.DefaultWait), Concurrency: classify.DefaultConcurrency, PerDay: classify.DefaultPerDay,
	}}
}

func (c Classifier) faults() []error {
	if c.URL == "" {
		return nil
	}
	var faults []error
	fault := func(bad bool, reason string) {
		if bad {
			faults = append(faults, errors.New("journeys.classifier."+reason))
		}
	}
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		fault(true, "url: must be that of an API, such as https://host/v1, without user, query or fragment")
	case u.Scheme != "https":
		fault(u.Scheme != "http" || !loopback(net.JoinHostPort(u.Hostname(), "0")), "url: must be https, unless it is of this machine")
	}
	fault(c.Model == "", "model: is required with url")
	if c.Key != "" {
		_, err := connector.Referenced(c.Key)
		fault(err != nil, "key: must say where it is: env:NAME or file:/path")
	}
	fault(c.Timeout <= 0 || c.Timeout > Duration(time.Minute), "timeout: must be more than 0, at most 1m")
	fault(c.Wait <= 0 || c.Wait > Duration(time.Minute), "wait: must be more than 0, at most 1m")
	fault(c.Concurrency < 1 || c.Concurrency > 64, "concurrency: must be 1 to 64")
	fault(c.PerDay < 1, "per_day: must be at least 1")
	return faults
}

// Outside is the configured model outside, with its key; nil: there is none.
func (c Classifier) Outside() (*classify.Classifier, error) {
	if c.URL == "" {
		return nil, nil
	}
	config := classify.Config{
		URL: c.URL, Model: c.Model, Timeout: time.Duration(c.Timeout), Wait: time.Duration(c.Wait), Concurrency: c.Concurrency, PerDay: c.PerDay,
		Topics: topic.Topics(),
	}
	if c.Key != "" {
		var err error
		if config.Key, err = connector.Secrets(c.Key); err != nil {
			return nil, fmt.Errorf("journeys.classifier.key: %w", err)
		}
	}
	return classify.New(config), nil
}
