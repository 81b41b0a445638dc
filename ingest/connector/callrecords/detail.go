package callrecords

import (
	"time"

	"tributary/ingest/connector/field"
)

// conversation is what we read of a conversation's details.
type conversation struct {
	ConversationID       string        `json:"conversationId"`
	ConversationStart    moment        `json:"conversationStart"`
	ConversationEnd      moment        `json:"conversationEnd"`
	OriginatingDirection string        `json:"originatingDirection"` // inbound, outbound
	Participants         []participant `json:"participants"`
}

type participant struct {
	Purpose           string                `json:"purpose"`
	UserID            string                `json:"userId"`
	TeamID            string                `json:"teamId"`
	ExternalContactID string                `json:"externalContactId"`
	ParticipantName   string                `json:"participantName"`
	Attributes        map[string]field.Text `json:"attributes"`
	Sessions          []session             `json:"sessions"`
}

type session struct {
	SessionID   string `json:"sessionId"`
	MediaType   string `json:"mediaType"`   // voice, callback, chat, email, message …
	MessageType string `json:"messageType"` // of medium message: sms, whatsapp, webmessaging …
	ANI         string `json:"ani"`         // "tel:+15550100": who called
	DNIS        string `json:"dnis"`        // whom
	AddressFrom string `json:"addressFrom"`
	AddressTo   string `json:"addressTo"`
	// CallbackNumbers are whom to call back.
	CallbackNumbers []string `json:"callbackNumbers"`
	Flow            struct {
		FlowName   string `json:"flowName"`
		ExitReason string `json:"exitReason"`
	} `json:"flow"`
	Metrics []struct {
		Name string `json:"name"`
	} `json:"metrics"`
	Segments []segment `json:"segments"`
}

type segment struct {
	SegmentType    string `json:"segmentType"`
	SegmentStart   moment `json:"segmentStart"`
	SegmentEnd     moment `json:"segmentEnd"`
	QueueID        string `json:"queueId"`
	WrapUpCode     string `json:"wrapUpCode"`
	WrapUpNote     string `json:"wrapUpNote"`
	DisconnectType string `json:"disconnectType"` // peer, client, endpoint, transfer, conference.transfer …
}

// moment is an ISO 8601 time; what is none is zero, like one that has not come yet.
type moment struct{ time.Time }

// UnmarshalJSON reads a string; null and other values are zero.
func (m *moment) UnmarshalJSON(text []byte) error {
	m.Time = time.Time{}
	if len(text) > 2 && text[0] == '"' {
		m.Time = field.Time(string(text[1 : len(text)-1]))
	}
	return nil
}

// of returns the session's segments of a type.
func (s *session) of(kind string) []segment {
	var all []segment
	for _, g := range s.Segments {
		if g.SegmentType == kind {
			all = append(all, g)
		}
	}
	return all
}

// seconds is how long the session's segments of a type took; nil if one has no end.
func (s *session) seconds(kind string) *float64 {
	total := 0.0
	for _, g := range s.of(kind) {
		if g.SegmentEnd.IsZero() || g.SegmentEnd.Before(g.SegmentStart.Time) {
			return nil
		}
		total += g.SegmentEnd.Sub(g.SegmentStart.Time).Seconds()
	}
	return &total
}

// queue is the queue that the session's segments name.
func (s *session) queue() string {
	for _, g := range s.Segments {
		if g.QueueID != "" {
			return g.QueueID
		}
	}
	return ""
}

// begin is when the session's first segment began; zero if it has none.
func (s *session) begin() time.Time {
	if len(s.Segments) == 0 {
		return time.Time{}
	}
	return s.Segments[0].SegmentStart.Time
}

// left is the last segment that is no wrap-up: how the session was left. Nil if there is none.
func (s *session) left() *segment {
	for i := len(s.Segments) - 1; i >= 0; i-- {
		if s.Segments[i].SegmentType != "wrapup" {
			return &s.Segments[i]
		}
	}
	return nil
}

// counts says whether the session has a metric of that name.
func (s *session) counts(metric string) bool {
	for _, m := range s.Metrics {
		if m.Name == metric {
			return true
		}
	}
	return false
}
