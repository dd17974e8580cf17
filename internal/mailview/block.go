package mailview

import (
	"cmp"
	"time"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

// maxSteps bounds the steps of one repair.
const maxSteps = 10

// blockOf shows a problem in full under a title.
func blockOf(title string, p Problem, now time.Time, loc *time.Location) block {
	shown := block{
		Title: title, Severity: severityOf(p), Text: line(p.Message, textLength),
		Facts: facts(
			"Status", statusWords(p.Status),
			"Stands for", name(p.StandardField),
			"Since", cmp.Or(since(p.Since, now, loc), noticed(p, now, loc)),
			"Cause", causeWords(p.Cause),
			"Evidence", line(p.Evidence, lineLength),
			"Breaks", affectedWords(p.Affected),
			"Handling", handling(p, loc),
			"Who can repair it", line(p.Fix.Who, lineLength),
		),
		Actions: links(action{"Open in the CRM", p.Fix.DeepLink}, action{"Open in Fieldwarden", p.PageURL}),
	}
	for i, step := range p.Fix.Steps {
		if i == maxSteps {
			break
		}
		shown.Steps = append(shown.Steps, line(step, lineLength))
	}
	return shown
}

// noticed says when a problem was noticed, where nobody knows when it began.
func noticed(p Problem, now time.Time, loc *time.Location) string {
	words := since(p.OpenedAt, now, loc)
	if words == "" {
		return ""
	}
	return "not known; noticed on " + words
}

// severityOf keeps what templates decide by to the three there are.
func severityOf(p Problem) crm.Severity {
	switch p.Severity {
	case crm.SeverityCritical, crm.SeverityWarning:
		return p.Severity
	default:
		return crm.SeverityInfo
	}
}

// briefOf shows a problem in a line.
func briefOf(title string, p Problem, now time.Time, loc *time.Location) brief {
	words := string(severityOf(p))
	if cause := causeWords(p.Cause); cause != "" {
		words += "; " + cause
	}
	if began := cmp.Or(p.Since, p.OpenedAt); !began.IsZero() {
		words += "; since " + since(began, now, loc)
	}
	return brief{Name: title, Words: words, URL: link(p.PageURL)}
}
