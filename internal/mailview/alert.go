package mailview

import (
	"fmt"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

// maxBlocks bounds the problems that an onboarding mail shows in full, maxBriefs those
// that it names.
const (
	maxBlocks = 25
	maxBriefs = 100
)

// Alert words one alert that opened, reopened or was resolved.
func Alert(c AlertContent) (Mail, error) {
	loc := zone(c.Zone)
	p := c.Problem
	title := line(p.Title, lineLength)
	shown := page{Workspace: name(c.Workspace), Footer: []string{alertFooter}}
	where := "On " + moment(c.At, loc) + "."
	if about := name(c.Integration.Name()); about != "" {
		where = "Integration: " + about + ", " + moment(c.At, loc) + "."
	}
	if c.Event == crm.AlertWasResolved {
		title = line(recoveryTitle(p), lineLength)
		shown.Subject = "Resolved: " + title + " - " + shown.Workspace
		shown.Lead = []string{where, "It is over: " + resolutionWords(c.Resolution) + "."}
		shown.Sections = []section{{Title: "What it was", Briefs: []brief{briefOf(line(p.Title, lineLength), p, c.At, loc)}}}
	} else {
		shown.Subject = string(severityOf(p)) + ": " + title + " - " + shown.Workspace
		if c.Event == crm.AlertReopened {
			where += " It had been resolved and is back."
		}
		shown.Lead = []string{where}
		shown.Sections = []section{{Title: "What to do", Groups: []group{{Blocks: []block{blockOf(title, p, c.At, loc)}}}}}
	}
	shown.Heading, shown.Preview = title, line(p.Message, lineLength)
	shown.Actions = links(action{"Open the integration", c.Integration.URL})
	return shown.render()
}

const alertFooter = "You get this mail because your address is an owner's or is listed under System Notifications, and it is as severe as you asked for. Changes are told once, recoveries too."

// recoveryTitle is what a resolved alert is called. Rules whose recovery is news of its
// own have their own words (requirements K4, K6).
func recoveryTitle(p Problem) string {
	switch p.Rule {
	case crm.RuleCredentialExpired, crm.RuleGraceStarted, crm.RuleGraceEnding, crm.RuleCredentialExpiring:
		return "The CRM accepts the sign-in again"
	case crm.RuleAutoDisconnected:
		return "The integration is connected again"
	case crm.RuleSyncDelayed:
		return "The delayed sync is complete: data is up to date again"
	default:
		return p.Title
	}
}

// Onboarding words what an onboarding check found missing, or that it is over: one mail
// for all of it.
func Onboarding(c OnboardingContent) (Mail, error) {
	if c.Resolution != "" {
		return onboardingOver(c)
	}
	loc := zone(c.Zone)
	what := count(len(c.Problems), "required object")
	shown := page{
		Workspace: name(c.Workspace),
		Heading:   what + " cannot be read",
		Lead: []string{
			"The check of " + name(c.Integration.Name()) + " on " + moment(c.At, loc) + " found that the integration user lacks access.",
			"Nothing of these objects is imported until somebody repairs it in the CRM. Then check again: the result shows at once.",
		},
		Footer: []string{"This mail goes to the customer's recipients of system notifications and to the workspace's owners. It cannot be unsubscribed."},
	}
	shown.Subject = "Action needed: " + what + " of " + name(c.Integration.Name()) + " cannot be read - " + shown.Workspace
	shown.Preview = shown.Lead[0]
	var blocks group
	list := section{Title: "What to do"}
	for i, problem := range c.Problems {
		title := name(problem.Object)
		switch {
		case i < maxBlocks:
			blocks.Blocks = append(blocks.Blocks, blockOf(title, problem, c.At, loc))
		case i < maxBlocks+maxBriefs:
			list.Briefs = append(list.Briefs, briefOf(title, problem, c.At, loc))
		}
	}
	if left := len(c.Problems) - maxBlocks - maxBriefs; left > 0 {
		list.More = fmt.Sprintf("%d more are listed on the integration's page.", left)
	}
	list.Groups = []group{blocks}
	shown.Sections = []section{list}
	shown.Actions = links(action{"Open the integration", c.Integration.URL})
	return shown.render()
}

// onboardingOver words the end of what an Onboarding told.
func onboardingOver(c OnboardingContent) (Mail, error) {
	loc := zone(c.Zone)
	what := count(len(c.Problems), "required object")
	shown := page{
		Workspace: name(c.Workspace), Heading: what + ": " + resolutionWords(c.Resolution),
		Lead:   []string{"You were told that " + name(c.Integration.Name()) + " lacks access. On " + moment(c.At, loc) + " that was over."},
		Footer: []string{"You get this mail because you got the first."},
	}
	shown.Subject = "Resolved: " + what + " of " + name(c.Integration.Name()) + ": " + resolutionWords(c.Resolution) + " - " + shown.Workspace
	shown.Preview = shown.Lead[0]
	list := section{Title: "What it was"}
	for i, problem := range c.Problems {
		if i == maxBriefs {
			list.More = fmt.Sprintf("%d more are listed on the integration's page.", len(c.Problems)-maxBriefs)
			break
		}
		list.Briefs = append(list.Briefs, briefOf(name(problem.Object), problem, c.At, loc))
	}
	shown.Sections = []section{list}
	shown.Actions = links(action{"Open the integration", c.Integration.URL})
	return shown.render()
}

// Test words a test: what arrives shows that alerts arrive.
func Test(c TestContent) (Mail, error) {
	shown := page{Workspace: name(c.Workspace), Heading: "This is a test"}
	shown.Subject = "Test of system notifications - " + shown.Workspace
	shown.Preview = "Alerts to this address arrive."
	shown.Lead = []string{
		"It took the path that alerts take, so alerts to this address arrive.",
		"Asked for" + by(c.By) + " on " + moment(c.At, zone(c.Zone)) + ".",
	}
	shown.Footer = []string{"Nothing is wrong, and nothing is to be done."}
	return shown.render()
}
