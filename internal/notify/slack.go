package notify

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

// Limits of Slack's blocks (docs.slack.dev, Block Kit): a section's text has at most
// 3,000 characters. Ours is cut well before.
const (
	slackLine = 300
	slackText = 1200
	slackList = 5
)

type slackBody struct {
	// Text is what a notification shows, and all that plainer receivers show.
	Text   string       `json:"text"`
	Blocks []slackBlock `json:"blocks"`
}

type slackBlock struct {
	Type     string      `json:"type"`
	Text     *slackMark  `json:"text,omitempty"`
	Elements []slackMark `json:"elements,omitempty"`
}

type slackMark struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// slackMessage turns an event into a message in the form of Slack's incoming webhooks.
func slackMessage(payload []byte) ([]byte, error) {
	event, err := readEvent(payload)
	if err != nil {
		return nil, err
	}
	title := slackTitle(event)
	body := slackBody{Text: title, Blocks: []slackBlock{section("*" + title + "*")}}
	if a := event.Data.Alert; a != nil {
		for _, text := range slackDetails(event, a) {
			body.Blocks = append(body.Blocks, section(text))
		}
	} else {
		body.Blocks = append(body.Blocks, section(escaped(event.Data.Message, slackText)))
	}
	where := escaped(event.Data.Workspace.Name, slackLine)
	if i := event.Data.Integration; i != nil {
		where += " · " + escaped(i.Title, slackLine) + " " + escaped(string(i.Environment), slackLine)
	}
	body.Blocks = append(body.Blocks, slackBlock{Type: "context", Elements: []slackMark{{Type: "mrkdwn", Text: where}}})
	return json.Marshal(body)
}

func slackTitle(event Event) string {
	a := event.Data.Alert
	if a == nil {
		return "Test of alerts"
	}
	switch event.Type {
	case "alert.resolved":
		return "Resolved: " + escaped(a.Title, slackLine)
	case "alert.reopened":
		return string(a.Severity) + ", again: " + escaped(a.Title, slackLine)
	default:
		return string(a.Severity) + ": " + escaped(a.Title, slackLine)
	}
}

func slackDetails(event Event, a *EventAlert) (texts []string) {
	add := func(text string) {
		if text != "" {
			texts = append(texts, text)
		}
	}
	if event.Type == "alert.resolved" {
		return append(texts, "Why: "+escaped(string(a.Resolution), slackLine))
	}
	add(escaped(a.Message, slackText))
	var facts []string
	for _, fact := range []struct{ name, text string }{{"Cause", string(a.Cause)}, {"Evidence", a.Evidence}, {"Who can repair it", a.Fix.Who}} {
		if fact.text != "" {
			facts = append(facts, fact.name+": "+escaped(fact.text, slackLine))
		}
	}
	add(strings.Join(facts, "\n"))
	var affected []string
	for _, one := range a.Affected {
		affected = append(affected, "• "+escaped(one.Title, slackLine))
	}
	add(listed("What it breaks", affected))
	var steps []string
	for i, step := range a.Fix.Steps {
		steps = append(steps, fmt.Sprintf("%d. %s", i+1, escaped(step, slackLine)))
	}
	add(listed("How to repair it", steps))
	var links []string
	for _, link := range []struct{ address, text string }{{a.Links.Page, "See it in Fieldwarden"}, {a.Links.CRM, "Open the CRM"}} {
		if isLink(link.address) {
			links = append(links, "<"+strings.NewReplacer("<", "%3C", ">", "%3E", "|", "%7C", "&", "&amp;", " ", "%20").Replace(link.address)+"|"+link.text+">")
		}
	}
	add(strings.Join(links, " · "))
	return texts
}

// isLink reports whether an address can be a link of a message: it leads to the web and
// is not so long that the message is refused.
func isLink(address string) bool {
	web := strings.HasPrefix(address, "https://") || strings.HasPrefix(address, "http://")
	return web && len(address) <= slackText && !strings.ContainsFunc(address, unicode.IsControl)
}

func listed(title string, lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	if more := len(lines) - slackList; more > 0 {
		lines = append(lines[:slackList:slackList], fmt.Sprintf("and %d more", more))
	}
	return title + ":\n" + strings.Join(lines, "\n")
}

func section(text string) slackBlock {
	return slackBlock{Type: "section", Text: &slackMark{Type: "mrkdwn", Text: text}}
}

// escaped makes text of others harmless in Slack's markup: the three characters that it
// says to escape (so no text is a link or calls a channel), and what cannot be seen.
func escaped(text string, length int) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || unicode.IsControl(r):
			return ' '
		case unicode.Is(unicode.Cf, r):
			return -1 // marks that hide or reorder text
		default:
			return r
		}
	}, strings.ToValidUTF8(text, ""))
	text = crm.Shorten(strings.TrimSpace(text), length)
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}
