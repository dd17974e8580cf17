package salesforce

import (
	"encoding/json"
	"slices"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

const (
	memoVersion = 1
	// maxMemo leaves some of the protocol's 64 KiB.
	maxMemo = 60 << 10
)

// memo is what earlier checks have seen of the fields that matter. Salesforce says
// nothing of a field that the user cannot see; the memo still knows what it was
// called and where it pointed. It is evidence, never a verdict.
type memo struct {
	Version int                            `json:"v"`
	Objects map[string]map[string]memoItem `json:"objects"`
}

// memoItem is a field when it was last seen.
type memoItem struct {
	Label string `json:"l"`
	Type  string `json:"t"`
	// References are the objects of a lookup.
	References []string `json:"r,omitempty"`
	// Only: no other field of the object had this label and type.
	Only bool `json:"o,omitempty"`
}

// parseMemo reads a memo; one that cannot be read is an empty one.
func parseMemo(raw []byte) memo {
	var m memo
	if json.Unmarshal(raw, &m) != nil || m.Version != memoVersion || m.Objects == nil {
		return memo{Version: memoVersion, Objects: map[string]map[string]memoItem{}}
	}
	return m
}

func (m memo) item(object, field string) (memoItem, bool) {
	item, ok := m.Objects[object][field]
	return item, ok
}

// learn notes the requested fields of an object that can be read. What is not
// requested any more is forgotten, what cannot be read is kept.
func (m memo) learn(check sdk.ObjectCheck, wanted []string) {
	if check.Verdict != sdk.VerdictAccessible {
		return
	}
	items := map[string]memoItem{}
	for _, name := range wanted {
		if item, ok := m.item(check.Object, name); ok {
			items[name] = item
		}
	}
	type look struct{ label, kind string }
	count := map[look]int{}
	for _, f := range check.Fields {
		count[look{f.Label, f.Type}]++
	}
	for _, f := range check.Fields {
		if slices.Contains(wanted, f.Name) {
			items[f.Name] = memoItem{Label: f.Label, Type: f.Type, References: fewReferences(f.References), Only: count[look{f.Label, f.Type}] == 1}
		}
	}
	if len(items) > 0 {
		m.Objects[check.Object] = items
	} else {
		delete(m.Objects, check.Object)
	}
}

// fewReferences leaves out the long lists of lookups that point to anything.
func fewReferences(references []string) []string {
	if len(references) > 4 {
		return nil
	}
	return slices.Clone(references)
}

// bytes is the memo for the host to keep; nil when it is what the host has, or
// too large.
func (m memo) bytes(before []byte) []byte {
	raw, err := json.Marshal(m)
	if err != nil || len(raw) > maxMemo || string(raw) == string(before) {
		return nil
	}
	return raw
}
