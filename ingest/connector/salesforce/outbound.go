package salesforce

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"net/http"
	"strings"

	"tributary/ingest/connector"
)

// envelope is an outbound message: up to 100 notifications, of one kind of object
// (https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging_wsdl.htm).
// The session id that it may hold is not read.
type envelope struct {
	XMLName xml.Name `xml:"Envelope"`
	Message struct {
		Organization  string         `xml:"OrganizationId"`
		Notifications []notification `xml:"Notification"`
	} `xml:"Body>notifications"`
}

type notification struct {
	ID     string `xml:"Id"` // the same when it is sent again
	Object struct {
		Type   string    `xml:"type,attr"` // "sf:Contact"
		Fields []element `xml:",any"`
	} `xml:"sObject"`
}

type element struct {
	XMLName xml.Name
	Nil     string    `xml:"nil,attr"`
	Text    string    `xml:",chardata"`
	Fields  []element `xml:",any"` // of a related object
}

var (
	errNotSOAP       = errors.New("is not an outbound message")
	errOrganization  = errors.New("OrganizationId is not the configured organization_id")
	acknowledgement  = `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>` + ack + `</soapenv:Body></soapenv:Envelope>`
	acknowledgedAnew = connector.Reply{Status: http.StatusOK, ContentType: "text/xml; charset=utf-8", Body: []byte(acknowledgement)}
)

const ack = `<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>`

// outbound makes the events of an outbound message. Its reply says that it is kept.
func (w *webhook) outbound(b *connector.Batch, body []byte) error {
	var e envelope
	if err := xml.Unmarshal(body, &e); err != nil {
		return errNotSOAP
	}
	if len(e.Message.Notifications) == 0 {
		return errNotSOAP
	}
	if w.organization != "" && !sameID(e.Message.Organization, w.organization) {
		return errOrganization
	}
	for i := range e.Message.Notifications {
		w.notified(b, &e.Message.Notifications[i])
	}
	reply := acknowledgedAnew
	b.Reply = &reply
	return nil
}

// sameID compares two ids, of which one may be without the three characters that say its case.
func sameID(a, b string) bool {
	if len(a) < 15 || len(b) < 15 {
		return false
	}
	return a[:15] == b[:15] && (len(a) == 15 || len(b) == 15 || a == b)
}

func (w *webhook) notified(b *connector.Batch, n *notification) {
	fields := jsonOf(n.Object.Fields)
	_, entity, prefixed := strings.Cut(n.Object.Type, ":")
	if !prefixed {
		entity = n.Object.Type
	}
	if n.ID == "" || entity == "" {
		b.Reject(n.ID, "Notification", "must have an Id and an sObject with its type", fields)
		return
	}
	w.add(b, change{id: n.ID, entity: entity, kind: kindState, fields: fields})
}

// jsonOf writes fields as a JSON object of texts and nulls, in their order.
func jsonOf(fields []element) json.RawMessage {
	text := []byte{'{'}
	for i, f := range fields {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, connector.JSON(f.XMLName.Local)...)
		text = append(text, ':')
		switch {
		case len(f.Fields) > 0:
			text = append(text, jsonOf(f.Fields)...)
		case f.Nil == "true" || f.Nil == "1":
			text = append(text, "null"...)
		default:
			text = append(text, connector.JSON(f.Text)...)
		}
	}
	return append(text, '}')
}
