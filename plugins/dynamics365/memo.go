package dynamics365

import (
	"encoding/json"
	"maps"
	"strings"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// memoVersion is the format of the memo.
const memoVersion = 1

// maxMemo is the size of a memo that the host keeps, less some room.
const maxMemo = 60 << 10

// memo is what one check leaves for the next, so that a steady check is one call:
// with the names at hand, metadata and rights are asked for together. It is never
// taken for evidence, with one exception: when the platform refuses to tell rights
// at all, the last judgement stands (see findings.columnRights).
//
// It notices by itself when it is out of date: each check asks who the user is and
// which privileges the tables have now, and asks again for what differs.
type memo struct {
	Version int    `json:"v"`
	Host    string `json:"host"`
	User    string `json:"user"`
	// Tables by logical name.
	Tables map[string]memoTable `json:"tables"`
	// Held are the depths of the tables' privileges, by name.
	Held map[string]depth `json:"held"`
	// Columns are the rights on secured columns, "account.opendeals": "rcu".
	Columns map[string]string `json:"columns,omitempty"`
}

type memoTable struct {
	// Privileges are the names that a check asks for.
	Privileges []string `json:"p"`
	Activity   bool     `json:"a,omitempty"`
}

// parseMemo reads a memo; one of another format or environment is as good as none.
func parseMemo(raw []byte, host string) memo {
	var m memo
	if json.Unmarshal(raw, &m) != nil || m.Version != memoVersion || m.Host != host || !guid.MatchString(m.User) {
		m = memo{Version: memoVersion, Host: host}
	}
	if m.Tables == nil {
		m.Tables = map[string]memoTable{}
	}
	if m.Held == nil {
		m.Held = map[string]depth{}
	}
	if m.Columns == nil {
		m.Columns = map[string]string{}
	}
	return m
}

// bytes is the memo as the host keeps it; nil when it is as before, or too large
// to be kept.
func (m memo) bytes(before []byte) []byte {
	raw, err := json.Marshal(m)
	if err != nil || len(raw) > maxMemo || string(raw) == string(before) {
		return nil
	}
	return raw
}

// knows reports whether the memo has the table.
func (m memo) knows(table string) bool {
	_, ok := m.Tables[table]
	return ok
}

// secures reports whether the table had secured columns.
func (m memo) secures(table string) bool {
	for key := range m.Columns {
		if strings.HasPrefix(key, table+".") {
			return true
		}
	}
	return false
}

// column is the last judgement of a secured column.
func (m memo) column(table, column string) (sdk.Rights, bool) {
	letters, ok := m.Columns[table+"."+column]
	return sdk.Rights{
		Read: strings.Contains(letters, "r"), Create: strings.Contains(letters, "c"), Update: strings.Contains(letters, "u"),
	}, ok
}

// forget removes a table.
func (m memo) forget(table string) {
	delete(m.Tables, table)
	maps.DeleteFunc(m.Columns, func(key, _ string) bool { return strings.HasPrefix(key, table+".") })
}

// learn replaces what the memo has of a table by what a check found.
func (m memo) learn(table string, f *findings) {
	found := f.tables[table]
	if found == nil || found.missing {
		m.forget(table)
		return
	}
	if found.err != nil {
		return
	}
	entry := memoTable{Activity: found.definition.IsActivity}
	for _, p := range neededPrivileges(&found.definition) {
		entry.Privileges = append(entry.Privileges, p.Name)
		if f.privileges.answered[p.Name] {
			m.Held[p.Name] = f.privileges.held.depth(p)
		}
	}
	if f.columns.rights != nil || !found.hasSecured(f.pointer()) {
		// Else the rights are not known this time, and the last judgement stays.
		m.forget(table)
		for i := range found.definition.Attributes {
			a := &found.definition.Attributes[i]
			if a.IsSecured && found.definition.selectable(a, f.pointer()) {
				m.Columns[table+"."+a.LogicalName] = letters(f.columns.rights.of(a))
			}
		}
	}
	m.Tables[table] = entry
}

// letters writes rights as some of "rcu".
func letters(r sdk.Rights) string {
	var text []byte
	if r.Read {
		text = append(text, 'r')
	}
	if r.Create {
		text = append(text, 'c')
	}
	if r.Update {
		text = append(text, 'u')
	}
	return string(text)
}
