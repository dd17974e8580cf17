package mailview

import (
	"fmt"
	"strings"
	"time"
)

const (
	// maxHTML is how large the HTML part of a digest may be: Gmail clips a message at
	// 102 KB, and a link at its end would be gone.
	maxHTML = 96 << 10
	// maxRestored bounds the list of what was resolved, maxFolded the fields named with
	// their object.
	maxRestored = 40
	maxFolded   = 60
)

// room is how much a digest tells: so many problems in full, and so many more in a line
// each. The rest is counted.
type room struct{ full, briefs int }

// rooms are tried in turn until the mail is small enough. The last always is.
func rooms() []room {
	return []room{{60, 250}, {40, 200}, {25, 150}, {12, 120}, {6, 100}, {2, 60}, {0, 30}, {0, 5}}
}

// Digest words the consolidated mail of a day. All losses are named as long as they fit
// a mail; the objects' own come first among those that are told in full.
func Digest(c DigestContent) (Mail, error) {
	var mail Mail
	for _, space := range rooms() {
		var err error
		if mail, err = digestPage(c, space).render(); err != nil || len(mail.HTML) <= maxHTML {
			return mail, err
		}
	}
	return mail, nil
}

func digestPage(c DigestContent, space room) page {
	shown := page{Workspace: name(c.Workspace), Heading: "No access is lost"}
	loc := zone(c.Zone)
	if c.Lost() > 0 {
		shown.Heading = lostWords(c) + " cannot be read"
	}
	shown.Subject = shown.Heading + " - " + shown.Workspace
	shown.Lead = []string{"Daily digest of " + day(c.LocalDate) + ", as of " + moment(c.At, loc) + "."}
	if c.Lost() > 0 {
		shown.Lead = append(shown.Lead, "What was synced before is kept, but no longer brought up to date until somebody repairs the access in the CRM.")
	}
	if c.Resolved > 0 {
		shown.Lead = append(shown.Lead, count(c.Resolved, "loss")+" resolved since the digest before.")
	}
	shown.Preview = strings.Join(shown.Lead, " ")
	d := digestWriter{now: c.At, loc: loc, briefs: space.briefs, fields: max(0, space.full-ownLosses(c)), objects: space.full}
	for _, one := range c.Integrations {
		if next, some := d.integration(one); some {
			shown.Sections = append(shown.Sections, next)
		}
	}
	if left := c.Lost() - d.told; left > 0 {
		shown.Sections = append(shown.Sections, section{
			Title: fmt.Sprintf("%d more", left), Note: "They do not fit this mail. The list of alerts in Fieldwarden has all of them.",
		})
	}
	if len(c.Restored) > 0 {
		shown.Sections = append(shown.Sections, restoredSection(c, loc))
	}
	shown.Actions = links(action{"Open all alerts", c.AlertsURL})
	shown.Footer = []string{
		"This mail is sent once a day, and only while access to a required object or a standardized field is lost. It goes to the workspace's owners and to all recipients of system notifications.",
		"It cannot be unsubscribed, muted or made rarer, and acknowledging or snoozing an alert does not take it off the list. It ends when the access is back, or when the field is unmapped.",
	}
	return shown
}

// lostWords counts the losses: "2 objects and 40 fields".
func lostWords(c DigestContent) string {
	switch {
	case c.LostFields == 0:
		return count(c.LostObjects, "object")
	case c.LostObjects == 0:
		return count(c.LostFields, "field")
	default:
		return count(c.LostObjects, "object") + " and " + count(c.LostFields, "field")
	}
}

// ownLosses counts the objects that cannot be read themselves.
func ownLosses(c DigestContent) int {
	n := 0
	for _, integration := range c.Integrations {
		for _, object := range integration.Objects {
			if object.Problem != nil {
				n++
			}
		}
	}
	return n
}

// digestWriter spends the room of a digest.
type digestWriter struct {
	now time.Time
	loc *time.Location
	// objects and fields are how many of each may still be told in full, briefs how many
	// in a line.
	objects, fields, briefs int
	// told counts what was named.
	told int
}

// integration tells what one integration lost, as far as there is room; some reports
// whether it tells something.
func (d *digestWriter) integration(one DigestIntegration) (_ section, some bool) {
	shown := section{Title: name(one.Name()), Note: count(one.Lost, "loss")}
	for _, object := range one.Objects {
		if told, named := d.object(object); named {
			shown.Groups = append(shown.Groups, told)
		}
	}
	return shown, len(shown.Groups) > 0
}

func (d *digestWriter) object(object DigestObject) (_ group, some bool) {
	title := name(object.Name)
	if label := name(object.Label); label != "" && label != title {
		title = label + " (" + title + ")"
	}
	shown := group{Title: title}
	if object.Problem != nil {
		d.tell(&shown, "The whole object", *object.Problem, &d.objects)
		if folded := foldedWords(object.Folded); folded != "" && len(shown.Blocks) > 0 {
			own := &shown.Blocks[len(shown.Blocks)-1]
			own.Facts = append(own.Facts, fact{"Standardized fields that go with it", folded})
		}
	}
	for _, field := range object.Fields {
		d.tell(&shown, name(field.Field), field, &d.fields)
	}
	return shown, len(shown.Blocks)+len(shown.Briefs) > 0
}

// tell adds a problem in full while there is room for it, else in a line, else not.
func (d *digestWriter) tell(shown *group, title string, p Problem, full *int) {
	switch {
	case *full > 0:
		*full--
		// The facts below say what the message says.
		p.Message = ""
		shown.Blocks = append(shown.Blocks, blockOf(title, p, d.now, d.loc))
	case d.briefs > 0:
		d.briefs--
		shown.Briefs = append(shown.Briefs, briefOf(title, p, d.now, d.loc))
	default:
		return
	}
	d.told++
}

// foldedWords names the fields that went with their object.
func foldedWords(fields []string) string {
	names := make([]string, 0, min(len(fields), maxFolded+1))
	for i, field := range fields {
		if i == maxFolded {
			names = append(names, fmt.Sprintf("%d more", len(fields)-maxFolded))
			break
		}
		names = append(names, name(field))
	}
	return strings.Join(names, ", ")
}

func restoredSection(c DigestContent, loc *time.Location) section {
	shown := section{Title: "Resolved since the digest before"}
	for i, one := range c.Restored {
		if i == maxRestored {
			break
		}
		subject := name(one.Object)
		if one.Field != "" {
			subject += "." + name(one.Field)
		}
		shown.Briefs = append(shown.Briefs, brief{
			Name: subject, Words: resolutionWords(one.Resolution) + ", " + moment(one.At, loc) + ", " + name(one.Integration),
		})
	}
	if left := c.Resolved - len(shown.Briefs); left > 0 {
		shown.More = fmt.Sprintf("%d more were resolved.", left)
	}
	return shown
}
