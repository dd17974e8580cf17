package dynamics365

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// now is the version of the newest change.
func (s *store) now() int64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.version
}

const stampLayout = "01/02/2006 15:04:05"

// deltaToken names a version and the moment it was given out.
func (s *Simulator) deltaToken(version int64) string {
	return strconv.FormatInt(version, 10) + "!" + s.clock().Now().UTC().Format(stampLayout)
}

// expired is what old delta tokens and metadata stamps get; the client has to read everything again.
func expired() *refusal {
	return refuse(http.StatusBadRequest, "0x80044352", "Version stamp associated with the client has expired. Please perform a full sync.")
}

// parseStamp reads "number!moment".
func parseStamp(text string) (int64, time.Time, bool) {
	number, moment, ok := strings.Cut(text, "!")
	version, err := strconv.ParseInt(number, 10, 64)
	at, stampErr := time.Parse(stampLayout, moment)
	return version, at, ok && err == nil && stampErr == nil
}

// mayTrack refuses change tracking where the real service does: switched off for the table, less than organization-wide
// read, or options that it cannot combine with.
func (s *Simulator) mayTrack(c *call, t *table) *refusal {
	if c.rights.untracked[t.name] || t.ownership == "None" {
		return refuse(http.StatusBadRequest, "0x80072491", "Entity "+t.name+" isn't enabled for change tracking.")
	}
	if c.rights.depth(t, "Read") != depthGlobal {
		p, _ := t.privilege("Read")
		return refuse(http.StatusForbidden, "0x80040220", "Principal user (Id="+string(s.user())+", type=8) is missing "+p.name+
			" privilege at organization level, which change tracking needs, on OTC="+strconv.Itoa(t.otc)+" for entity '"+t.name+"'.")
	}
	for _, option := range []string{"$filter", "$orderby", "$expand", "$top"} {
		if _, ok := c.query[option]; ok {
			return badQuery(`The "` + option + `" query parameter isn't supported when Change Tracking is enabled.`)
		}
	}
	return nil
}

// delta answers a delta link: what changed after the token and up to now, then what was deleted. Changes that come
// while the pages are read wait for the next token, so that nothing is lost and nothing comes twice.
func (s *Simulator) delta(c *call, t *table, token string) reply {
	if err := s.mayTrack(c, t); err != nil {
		return err.reply()
	}
	since, at, ok := parseStamp(token)
	if !ok {
		return badQuery("The delta token '" + token + "' is not well-formed.").reply()
	}
	if since < s.deltaFloor() || s.clock().Now().Sub(at) > time.Duration(s.config.ChangeTrackingDays)*24*time.Hour {
		return expired().reply()
	}
	q, err := s.parseQueryOptions(c, t, c.query)
	if err != nil {
		return err.reply()
	}
	cookie, err := parseCookie(c.query["$skiptoken"], 1)
	if err != nil {
		return err.reply()
	}
	if cookie.version == 0 {
		cookie.version = s.store.now()
	}
	from := since
	if cookie.from != nil {
		n, _ := number(cookie.from.values[0])
		from = int64(n)
	}
	answer := object{{"@odata.context", c.context(t.set+selected(q.named, nil)) + "/$delta"}}
	s.store.read(func() {
		changes := s.changes(c, q, s.store.shelf(t), since, cookie.version)
		at := slices.IndexFunc(changes, func(e change) bool { return e.at > from })
		if at < 0 {
			at = len(changes)
		}
		end := min(len(changes), at+q.page)
		values := []object{}
		for _, e := range changes[at:end] {
			values = append(values, e.render())
		}
		if end < len(changes) {
			next := cookie
			next.number, next.from = max(cookie.number, 1)+1, &position{values: []any{float64(changes[end-1].at)}}
			// The token stays in the link, because it says from where on changes are looked for.
			answer = answer.with("@odata.nextLink", c.link("$deltatoken", token)+"&"+skipOption(next))
		} else {
			answer = answer.with("@odata.deltaLink", c.link("$deltatoken", s.deltaToken(cookie.version)))
		}
		answer = answer.with("value", values)
	}, t)
	return c.preferred(jsonReply(http.StatusOK, answer))
}

// change is one entry of a delta. at orders them: by version, deletions after everything else.
type change struct {
	at     int64
	render func() object
}

// deletedLast moves deletions behind all changes.
const deletedLast = int64(1) << 50

func (s *Simulator) changes(c *call, q query, h *shelf, since, until int64) []change {
	var changes []change
	for _, row := range h.byID {
		if row.version > since && row.version <= until && s.shown(c.rights, row, depthGlobal) {
			changes = append(changes, change{row.version, func() object { return s.render(c, q, s.store.reading(row, q.table)) }})
		}
	}
	for _, g := range h.graves {
		if g.version > since && g.version <= until {
			changes = append(changes, change{deletedLast + g.version, func() object {
				return object{
					{"@odata.context", c.context(q.table.set) + "/$deletedEntity"}, {"id", g.id}, {"reason", "deleted"},
				}
			}})
		}
	}
	slices.SortFunc(changes, func(a, b change) int { return cmp.Compare(a.at, b.at) })
	return changes
}
