// Package archtest holds no code, only the tests that keep the house in order:
// which package may import which, where each library lives, and the rules of the
// sources that a reviewer would otherwise have to watch for. The tables at the top
// of its files are the rules; docs/decisions/0001-design.md gives the reasons.
//
// A package without a row in the table of imports fails the test, and so does a
// row without a package: a new room needs a place, and a removed one leaves none.
package archtest
