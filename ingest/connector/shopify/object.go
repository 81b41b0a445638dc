package shopify

import (
	"tributary/ingest/connector/field"
)

// object holds the fields that are looked at, of any of Shopify's REST resources
// (https://shopify.dev/docs/api/admin-rest); each has only some of them. Ids are numbers of up to 64 bits.
type object struct {
	OrderID     field.Text `json:"order_id"`
	Status      string     `json:"status"`
	CreatedAt   field.Text `json:"created_at"`
	UpdatedAt   field.Text `json:"updated_at"`
	ProcessedAt field.Text `json:"processed_at"`
	Currency    string     `json:"currency"`

	// Of an order.
	TotalPrice    field.Text `json:"total_price"` // a decimal number, in the shop's currency
	TotalPriceSet struct {
		Presentment struct {
			Amount   field.Text `json:"amount"`
			Currency string     `json:"currency_code"`
		} `json:"presentment_money"`
	} `json:"total_price_set"`
	Customer       *customer `json:"customer"`
	ContactEmail   string    `json:"contact_email"`
	BillingAddress *address  `json:"billing_address"`

	// Of a customer, and in part of an order and a fulfilment; the id is that of any object.
	customer

	// Of a fulfilment.
	ShipmentStatus string `json:"shipment_status"`

	// Of a refund.
	Note        string `json:"note"`
	RefundLines []struct {
		RestockType string `json:"restock_type"`
	} `json:"refund_line_items"`
	Transactions []struct {
		Kind     string     `json:"kind"`
		Status   string     `json:"status"`
		Amount   field.Text `json:"amount"`
		Currency string     `json:"currency"`
	} `json:"transactions"`

	// Of a dispute.
	Amount      field.Text `json:"amount"`
	Reason      string     `json:"reason"`
	InitiatedAt field.Text `json:"initiated_at"`
	FinalizedOn field.Text `json:"finalized_on"`

	// Of consent.
	CustomerID   field.Text `json:"customer_id"`
	EmailAddress string     `json:"email_address"`
	EmailConsent *consent   `json:"email_marketing_consent"`
	SMSConsent   *consent   `json:"sms_marketing_consent"`
}

type customer struct {
	ID             field.Text `json:"id"`
	Email          string     `json:"email"`
	Phone          string     `json:"phone"`
	FirstName      string     `json:"first_name"`
	LastName       string     `json:"last_name"`
	Multipass      field.Text `json:"multipass_identifier"` // the company's own id, in shops that use Multipass
	DefaultAddress *address   `json:"default_address"`
}

type address struct {
	Name         string     `json:"name"`
	FirstName    string     `json:"first_name"`
	LastName     string     `json:"last_name"`
	Company      string     `json:"company"`
	Address1     string     `json:"address1"`
	Address2     string     `json:"address2"`
	City         string     `json:"city"`
	Province     string     `json:"province"`
	ProvinceCode string     `json:"province_code"`
	Zip          field.Text `json:"zip"`
	Country      string     `json:"country"`
	CountryCode  string     `json:"country_code"`
	Phone        string     `json:"phone"`
}

type consent struct {
	State     string     `json:"state"` // subscribed, unsubscribed, not_subscribed, pending, redacted …
	UpdatedAt field.Text `json:"consent_updated_at"`
}
