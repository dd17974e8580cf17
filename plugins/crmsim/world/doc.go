// Package world invents the business that the CRM simulators show: the same companies, people, leads, deals, users and
// activities for each of them, so that a story told on one CRM can be told on all.
//
// A record follows from the seed, the sizes and its number alone. Nothing is stored and nothing depends on the order of
// calls, so a world of any size is made at once and can be read from many goroutines. A simulator keeps only what was
// changed and puts it over what the world says.
//
// Numbers of records start at 0; -1 stands for none. Every reference is -1 or the number of an existing record.
package world
