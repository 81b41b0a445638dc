package demo

import _ "embed"

// Definitions is the company's document: computed traits and segments.
//
//go:embed definitions.yaml
var Definitions string

// Segment is one of its segments, which many customers are in.
const Segment = "regulars"
