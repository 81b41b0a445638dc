// Package sql holds every SQL statement of Tributary: migrations/ makes the tables, and
// queries/<domain>/<name>.sql are the named queries. The package store runs them.
package sql

import "embed"

// Migrations are the files migrations/NNNN_name.sql, one statement each, in the order of their
// numbers.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Queries are the files queries/<domain>/<name>.sql, one query each.
//
//go:embed queries
var Queries embed.FS
