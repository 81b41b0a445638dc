package store

import (
	"context"
	"errors"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// What an error of the engine means for whoever called. Every error that this package returns from
// the engine, embedded or a server, is one of these by errors.Is, except those of a context; the
// driver's *clickhouse.Exception stays reachable by errors.As.
var (
	// ErrPermanent: the engine refuses these rows or values, now and always. Nothing else has
	// to be wrong: the same call without the ones at fault succeeds.
	ErrPermanent = errors.New("store: refused for ever")
	// ErrInvalid: the statement, a setting or our rights are wrong. To try again helps only
	// once somebody has changed them; the rows are not to blame.
	ErrInvalid = errors.New("store: invalid statement or rights")
	// ErrNotFound: the database, table or dictionary does not exist; migrations may be due.
	ErrNotFound = errors.New("store: not found")
	// ErrOverload: the engine has too much to do, or no memory for this. Try later, or less.
	ErrOverload = errors.New("store: overloaded")
	// ErrFenced: another writer has taken over (Fence). Nothing of this one counts any more.
	ErrFenced = errors.New("store: another writer has taken over")
	// ErrPassing: it did not work this time. Try again. Any code that is not in the table is
	// this, so that no row is given up because of an error nobody thought of.
	ErrPassing = errors.New("store: passing fault")
	// ErrGone: the engine cannot be reached, or went away in the middle.
	ErrGone = errors.New("store: engine is gone")
)

// codes says what ClickHouse's exception codes mean; the names are those of the engine's
// src/Common/ErrorCodes.cpp.
var codes = map[int32]error{
	6:   ErrPermanent, // CANNOT_PARSE_TEXT
	25:  ErrPermanent, // CANNOT_PARSE_ESCAPE_SEQUENCE
	26:  ErrPermanent, // CANNOT_PARSE_QUOTED_STRING
	27:  ErrPermanent, // CANNOT_PARSE_INPUT_ASSERTION_FAILED
	38:  ErrPermanent, // CANNOT_PARSE_DATE
	41:  ErrPermanent, // CANNOT_PARSE_DATETIME
	53:  ErrPermanent, // TYPE_MISMATCH
	69:  ErrPermanent, // ARGUMENT_OUT_OF_BOUND
	70:  ErrPermanent, // CANNOT_CONVERT_TYPE
	72:  ErrPermanent, // CANNOT_PARSE_NUMBER
	117: ErrPermanent, // INCORRECT_DATA
	130: ErrPermanent, // CANNOT_READ_ARRAY_FROM_TEXT
	131: ErrPermanent, // TOO_LARGE_STRING_SIZE
	128: ErrPermanent, // TOO_LARGE_ARRAY_SIZE
	190: ErrPermanent, // SIZES_OF_ARRAYS_DONT_MATCH
	321: ErrPermanent, // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
	349: ErrPermanent, // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
	376: ErrPermanent, // CANNOT_PARSE_UUID
	407: ErrPermanent, // DECIMAL_OVERFLOW
	441: ErrPermanent, // CANNOT_PARSE_DOMAIN_VALUE_FROM_STRING
	675: ErrPermanent, // CANNOT_PARSE_IPV4
	676: ErrPermanent, // CANNOT_PARSE_IPV6

	469: ErrFenced, // VIOLATED_CONSTRAINT: there is one only

	10:  ErrInvalid, // NOT_FOUND_COLUMN_IN_BLOCK
	16:  ErrInvalid, // NO_SUCH_COLUMN_IN_TABLE
	36:  ErrInvalid, // BAD_ARGUMENTS
	42:  ErrInvalid, // NUMBER_OF_ARGUMENTS_DOESNT_MATCH
	43:  ErrInvalid, // ILLEGAL_TYPE_OF_ARGUMENT
	46:  ErrInvalid, // UNKNOWN_FUNCTION
	47:  ErrInvalid, // UNKNOWN_IDENTIFIER
	48:  ErrInvalid, // NOT_IMPLEMENTED
	50:  ErrInvalid, // UNKNOWN_TYPE
	57:  ErrInvalid, // TABLE_ALREADY_EXISTS
	62:  ErrInvalid, // SYNTAX_ERROR
	115: ErrInvalid, // UNKNOWN_SETTING
	158: ErrInvalid, // TOO_MANY_ROWS
	164: ErrInvalid, // READONLY
	192: ErrInvalid, // UNKNOWN_USER
	193: ErrInvalid, // WRONG_PASSWORD
	215: ErrInvalid, // NOT_AN_AGGREGATE
	291: ErrInvalid, // DATABASE_ACCESS_DENIED
	307: ErrInvalid, // TOO_MANY_BYTES
	344: ErrInvalid, // SUPPORT_IS_DISABLED
	386: ErrInvalid, // NO_COMMON_TYPE
	396: ErrInvalid, // TOO_MANY_ROWS_OR_BYTES
	452: ErrInvalid, // SETTING_CONSTRAINT_VIOLATION
	456: ErrInvalid, // UNKNOWN_QUERY_PARAMETER
	457: ErrInvalid, // BAD_QUERY_PARAMETER
	497: ErrInvalid, // ACCESS_DENIED
	516: ErrInvalid, // AUTHENTICATION_FAILED

	60:  ErrNotFound, // UNKNOWN_TABLE
	81:  ErrNotFound, // UNKNOWN_DATABASE
	218: ErrNotFound, // TABLE_IS_DROPPED

	160: ErrOverload, // TOO_SLOW
	173: ErrOverload, // CANNOT_ALLOCATE_MEMORY
	201: ErrOverload, // QUOTA_EXCEEDED
	202: ErrOverload, // TOO_MANY_SIMULTANEOUS_QUERIES
	203: ErrOverload, // NO_FREE_CONNECTION
	241: ErrOverload, // MEMORY_LIMIT_EXCEEDED
	252: ErrOverload, // TOO_MANY_PARTS; but see classOf
	439: ErrOverload, // CANNOT_SCHEDULE_TASK
	745: ErrOverload, // SERVER_OVERLOADED

	210: ErrGone, // NETWORK_ERROR
	279: ErrGone, // ALL_CONNECTION_TRIES_FAILED
}

// classified is an error of the engine with what it means.
type classified struct{ class, err error }

func (e *classified) Error() string   { return e.err.Error() }
func (e *classified) Unwrap() []error { return []error{e.class, e.err} }

// Classify makes an error that the driver returned one of this package's.
func Classify(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	var known *classified
	if errors.As(err, &known) {
		return err
	}
	return &classified{classOf(err), err}
}

func classOf(err error) error {
	var exception *clickhouse.Exception
	if errors.As(err, &exception) {
		return classOfException(exception)
	}
	if errors.Is(err, clickhouse.ErrAcquireConnTimeout) {
		return ErrOverload
	}
	return ErrGone
}

func classOfException(e *clickhouse.Exception) error {
	// One code for two things: parts that wait to be merged, which passes, and a block of too
	// many partitions, which does not.
	if e.Code == 252 && strings.Contains(e.Message, "single INSERT block") {
		return ErrPermanent
	}
	if class, ok := codes[e.Code]; ok {
		return class
	}
	return ErrPassing
}
