package auth

import (
	"errors"
	"fmt"
	"strings"

	"tributary/ingest/event"
)

// Provider is a provider of OpenID Connect where people sign in with a browser. Its ID tokens say what they may do, as
// those of an Issuer do; they open nothing by themselves.
type Provider struct {
	// Name is that of its sign-in, in addresses; Label is how people know it, default Name.
	Name, Label string
	// Issuer says what its tokens allow; its Audience is the client id that the provider gave this server.
	Issuer
	// ClientSecret proves that it is this server who asks; empty for a public client, which proves with PKCE that it
	// is the one who began.
	ClientSecret string
	// Request lists the scopes of OpenID Connect that it is asked for beside openid, such as profile or groups.
	Request []string
}

// WithDefaults fills in what is not said.
func (p Provider) WithDefaults() Provider {
	p.Issuer = p.Issuer.WithDefaults()
	if p.Label == "" {
		p.Label = p.Name
	}
	return p
}

// Validate reports every fault, each with its key in the configuration file.
func (p Provider) Validate() error {
	var faults []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	check(event.ValidSource(p.Name), "name: must be %s", nameForm)
	check(len(p.Label) <= maxNote, "label: is longer than %d bytes", maxNote)
	check(p.Audience != "", "client_id: is required: what the provider calls this server")
	check(p.CustomerClaim == "", "customer_claim: is for tokens of customers, who do not sign in here")
	check(secureURL(p.Issuer.Issuer), "issuer: must be https (http is for loopback addresses alone)")
	for n, scope := range p.Request {
		check(scope != "" && !strings.ContainsAny(scope, " \"\\"), "request[%d]: must be one scope of OpenID Connect", n)
	}
	i := p.Issuer
	if i.Audience == "" {
		i.Audience = "-" // it is said of client_id
	}
	if i.Issuer == "" {
		i.Issuer = "https://-" // it is said above
	}
	return errors.Join(append(faults, unjoined(i.Validate())...)...)
}

// unjoined are the errors that an error joins.
func unjoined(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return nil
}

// SignInFault is why a sign-in at a provider failed, for people to be told.
type SignInFault string

// The reasons.
const (
	FaultUnavailable SignInFault = "unavailable" // the provider cannot be asked now
	FaultRefused     SignInFault = "refused"     // the provider, or the person there, said no
	FaultStale       SignInFault = "stale"       // it began elsewhere, or too long ago
	FaultInvalid     SignInFault = "invalid"     // what the provider says is not proven
	FaultNoRights    SignInFault = "no_rights"   // the person may do nothing here
	FaultLimited     SignInFault = "limited"     // too many of the address failed; Providers leave that to the caller
)

// SignInError is returned for a sign-in that failed. It repeats nothing that the browser or the provider sent.
type SignInError struct {
	Fault SignInFault
	Err   error
}

// Error implements error.
func (e *SignInError) Error() string {
	return "sign in at a provider: " + string(e.Fault) + ": " + e.Err.Error()
}

// Unwrap returns the reason in detail, for the log.
func (e *SignInError) Unwrap() error { return e.Err }

func signInFault(f SignInFault, format string, args ...any) error {
	return &SignInError{f, fmt.Errorf(format, args...)}
}

// ErrNoProvider is returned for a name that no provider has.
var ErrNoProvider = errors.New("auth: there is no such provider")
