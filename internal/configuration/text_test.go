package configuration

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/mapping"
	"github.com/fieldwarden/fieldwarden/internal/recipient"
)

// TestAnyTextIsReadAsItWasWritten: names of CRM fields, choices and APIs are the
// CRM's own, so they may be anything.
func TestAnyTextIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		anything := rapid.OneOf(
			rapid.StringN(1, 12, -1), rapid.SampledFrom([]string{
				"yes", "NO", "null", "~", "1e3", "0x1F", "1_000", "2026-01-02", "- a", "a: b", "#", "a #b", "'", `"`, `\`, "*a", "&a", "!a", "%a", "{", "[", "|", ">", "a\nb",
				"\u2028", "\ufeff", "\u0085", " ", "<<", "=", ".inf", "+1", "a,b", "\x00", "\x7f", "😀", "?", "? a", "---", "...",
			})).Filter(func(s string) bool { return strings.TrimSpace(s) != "" && strings.ToValidUTF8(s, "") == s })
		p := present{
			integration: &ent.Integration{Connector: "salesforce", Environment: crm.Sandbox, ScheduleTime: "02:00", ScheduleZone: "Etc/GMT+5", QuotaPercent: 80},
			pkg: crm.Package{Objects: []crm.PackageObject{{Name: "Contact", Fields: []crm.StandardField{
				{Key: "contact.a"}, {Key: "contact.b"}, {Key: "contact.c"},
			}}}},
			budgets:  map[string]int{anything.Draw(t, "api"): rapid.IntRange(1, 1<<31-1).Draw(t, "limit")},
			settings: map[string]any{crm.SettingDataSync: rapid.Bool().Draw(t, "on"), crm.SettingPipelineEntryStage: anything.Draw(t, "stage")},
			mapped:   map[string]string{"contact.a": anything.Draw(t, "a"), "contact.c": anything.Draw(t, "c")},
			recipients: []recipient.Address{
				{Address: "o'brien+crm@example.com", Class: crm.RecipientExternal}, {Address: "é_{x}@example.com", Class: crm.RecipientInternal},
			},
		}
		text, err := p.text()
		if err != nil {
			t.Fatal(err)
		}
		d, err := parse(text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		read := map[string]string{}
		for _, change := range d.mappings {
			read[change.StandardField] = change.CRMField
		}
		if !maps.Equal(read, p.mapped) {
			t.Fatalf("%q\n%q\n%s", p.mapped, read, text)
		}
		for _, one := range d.budgets {
			if one.limit == nil || p.budgets[one.api] != *one.limit {
				t.Fatalf("%q\n%s", one.api, text)
			}
		}
		for _, change := range d.settings {
			if p.settings[change.Key] != change.Value {
				t.Fatalf("%q: %q\n%s", change.Key, change.Value, text)
			}
		}
		if len(d.budgets) != 1 || len(d.settings) != 2 || !slices.Equal(*d.recipients, p.recipients) || *d.schedule != (scheduled{"02:00", "Etc/GMT+5"}) || *d.quotaShare != 80 {
			t.Fatalf("%+v\n%s", d, text)
		}
	})
}

// TestTransferableNeverConflicts: whatever source and target have, what is taken over
// leaves each CRM field with one standard field, and all that differs is either taken
// over or told.
func TestTransferableNeverConflicts(t *testing.T) {
	t.Parallel()
	keys := []string{"contact.a", "contact.b", "contact.c", "contact.d"}
	fields := []string{"A", "B", "C", "D", "E"}
	pkg := crm.Package{Objects: []crm.PackageObject{{Name: "Contact"}}}
	for _, key := range keys {
		pkg.Objects[0].Fields = append(pkg.Objects[0].Fields, crm.StandardField{Key: key})
	}
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) map[string]string {
			mapped := map[string]string{}
			for i, name := range rapid.Permutation(fields).Draw(t, label)[:len(keys)] {
				if rapid.Bool().Draw(t, fmt.Sprint(label, i)) {
					mapped[keys[i]] = name
				}
			}
			return mapped
		}
		source, target := draw("source"), draw("target")
		seen := map[fieldKey]bool{}
		for _, name := range fields {
			seen[fieldKey{"Contact", name}] = rapid.Bool().Draw(t, "seen "+name)
		}
		for _, name := range target {
			seen[fieldKey{"Contact", name}] = true
		}
		changes, leftOut := transferable(present{pkg: pkg, mapped: target}, source, seen)
		after := maps.Clone(target)
		for _, change := range changes {
			if !seen[fieldKey{"Contact", change.CRMField}] {
				t.Fatalf("%v is not there", change)
			}
			after[change.StandardField] = change.CRMField
		}
		holders := map[string]string{}
		for key, name := range after {
			if other, taken := holders[name]; taken {
				t.Fatalf("%s stands for %s and %s", name, key, other)
			}
			holders[name] = key
		}
		told := map[string]bool{}
		for _, effect := range leftOut {
			told[effect.Subject] = true
		}
		for key, name := range source {
			taken := slices.Contains(changes, mapping.Change{StandardField: key, CRMField: name})
			if differs := target[key] != name; differs != (taken || told[key]) || taken && told[key] {
				t.Fatalf("%s: differs %v, taken over %v, told %v", key, differs, taken, told[key])
			}
		}
	})
}
