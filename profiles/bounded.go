package profiles

import (
	"cmp"
	"sort"
	"strings"
	"unicode/utf8"
)

// Two kinds of bounded list keep a State independent of the order of events:
//
// A list in a fixed order of keys, from which the last keys are dropped. A key that is among the
// first n of all is among the first n of any part of them, so it is never dropped on the way and
// what is added up under it is exact.
//
// A list in ascending order of time, from which the oldest are dropped. What is among the newest
// n of all is among the newest n of any part. Such a list is a set: what is in it already is not added again.

// search finds where x stands, or would stand, in an ascending list; order compares an element
// of the list to x.
func search[T any](list []T, order func(T) int) (int, bool) {
	i := sort.Search(len(list), func(i int) bool { return order(list[i]) >= 0 })
	return i, i < len(list) && order(list[i]) == 0
}

// insert puts x at place i and drops the last element beyond the bound.
func insert[T any](list []T, i int, x T, bound int) []T {
	if i >= bound {
		return list
	}
	if len(list) < bound {
		list = append(list, x)
	}
	copy(list[i+1:], list[i:])
	list[i] = x
	return list
}

// insertNewest puts x into an ascending list, unless it is there, and drops the oldest element beyond the bound.
func insertNewest[T any](list []T, x T, compare func(a, b T) int, bound int) []T {
	i := len(list)
	if i > 0 && compare(list[i-1], x) >= 0 { // not the newest, as it mostly is
		i = sort.Search(i, func(i int) bool { return compare(list[i], x) >= 0 })
		if compare(list[i], x) == 0 {
			return list
		}
	}
	if len(list) < bound {
		list = append(list, x)
		copy(list[i+1:], list[i:])
		list[i] = x
		return list
	}
	if i == 0 {
		return list
	}
	copy(list, list[1:i])
	list[i-1] = x
	return list
}

// mergeNewest puts an ascending list into another, from its newest on.
func mergeNewest[T any](list, more []T, compare func(a, b T) int, bound int) []T {
	if len(list) == 0 {
		return append(list, more...)
	}
	for i := len(more) - 1; i >= 0; i-- {
		if len(list) == bound && compare(list[0], more[i]) >= 0 {
			break // it and all before it are too old
		}
		list = insertNewest(list, more[i], compare, bound)
	}
	return list
}

// emptied lets go of the elements of a list and keeps its memory.
func emptied[T any](list []T) []T {
	clear(list)
	return list[:0]
}

// shorter orders names by length, then bytes: made-up names tend to be long.
func shorter(a, b string) int {
	if c := cmp.Compare(len(a), len(b)); c != 0 {
		return c
	}
	return strings.Compare(a, b)
}

// clip cuts s to at most maxField bytes, between runes.
func clip(s string) string {
	if len(s) <= maxField {
		return s
	}
	n := maxField
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// snippet cuts s to at most n runes and says whether something was cut off.
func snippet(s string, n int) (string, bool) {
	if len(s) <= n {
		return s, false
	}
	for i := range s {
		if n == 0 {
			return s[:i], true
		}
		n--
	}
	return s, false
}
