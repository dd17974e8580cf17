package dynamics365

import (
	"encoding/hex"
	"hash/fnv"

	"github.com/google/uuid"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim"
)

// guid is a record or metadata id in its lower-case text form.
type guid string

// namespace keeps our ids apart from anybody else's.
func namespace() uuid.UUID { return uuid.MustParse("5f1c9a52-0d39-4b53-9a51-0e9f6dd1c365") }

// madeID is the same id for the same name, for everything that the simulator invents itself.
func madeID(name string) guid { return guid(uuid.NewSHA1(namespace(), []byte(name)).String()) }

// newID is a fresh id for a record that a client creates.
func newID() guid { return guid(uuid.NewString()) }

// mixID is the id of a table's record number n. It does not depend on the seed, so that links to a record stay good.
func mixID(table string, n int) guid {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(table)) // never fails
	var raw [16]byte
	for half, position := range [2]uint64{uint64(2 * n), uint64(2*n + 1)} {
		for i, x := 0, crmsim.Mix(hash.Sum64(), position); i < 8; i, x = i+1, x>>8 {
			raw[8*half+i] = byte(x)
		}
	}
	raw[6], raw[8] = raw[6]&0x0f|0x40, raw[8]&0x3f|0x80
	var text [36]byte
	hex.Encode(text[:8], raw[:4])
	hex.Encode(text[9:13], raw[4:6])
	hex.Encode(text[14:18], raw[6:8])
	hex.Encode(text[19:23], raw[8:10])
	hex.Encode(text[24:], raw[10:])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return guid(text[:])
}

// parseGUID accepts an id with or without braces.
func parseGUID(text string) (guid, bool) {
	if len(text) != 36 && len(text) != 38 {
		return "", false
	}
	id, err := uuid.Parse(text)
	return guid(id.String()), err == nil
}
