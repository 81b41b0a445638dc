package privacy

import "errors"

var (
	// ErrUnknown is returned for an erasure that there is not.
	ErrUnknown = errors.New("privacy: no such erasure")
	// ErrHeld is returned for what cannot be done while an erasure is held.
	ErrHeld = errors.New("privacy: the hold is not over")
	// ErrOver is returned for what cannot be done any more.
	ErrOver = errors.New("privacy: the erasure is carried out")
	// ErrLedger is wrapped by the errors of the ledger: it is missing, damaged, or another
	// installation's. Each says what to do.
	ErrLedger = errors.New("privacy: ledger")
	// ErrRestricted is returned in place of somebody whose use is restricted.
	ErrRestricted = errors.New("privacy: use of this profile is restricted")
)
