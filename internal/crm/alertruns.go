package crm

import (
	"fmt"
	"time"
)

// The functions of this file word the alerts on runs: limits, repeated failure and
// delay (requirements K5, K6, K9). They are one for each integration and rule.

// LimitNear warns that most of the budget of an API is used.
func LimitNear(use APIUse, localDate string) AlertIntent {
	return AlertIntent{
		Action: ActionOpen, Key: AlertKey{Rule: RuleAPILimitNear}, Severity: SeverityInfo,
		Title: fmt.Sprintf("Most of the daily budget of %s calls is used", use.Title),
		Message: fmt.Sprintf("On %s %d of %s are used. When all are used, runs stop and go on the next day where they stopped.",
			localDate, use.Used, counted(use.Limit, "call")),
		Fix: budgetFix(),
	}
}

// LimitReached tells that a run was stopped by a limit of the day. Reason is the run's
// own.
func LimitReached(kind LimitKind, reason string, resumeAt *time.Time) AlertIntent {
	intent := AlertIntent{
		Action: ActionOpen, Key: AlertKey{Rule: RuleAPILimitReached}, Severity: SeverityWarning,
		Title: "A run was stopped by the API limit of the day", Message: reason + " " + resumeWords(resumeAt),
		Fix: budgetFix(),
	}
	if kind == LimitQuota {
		intent.Title = "A run was stopped by the CRM's API quota"
		intent.Fix = Fix{
			Steps: []string{
				"Look in the CRM which apps use its API.",
				"Raise the CRM's quota, or the share of it at which runs stop.",
			},
			Who: "An admin of the CRM; an admin of the workspace for the share",
		}
	}
	return intent
}

func budgetFix() Fix {
	return Fix{
		Steps: []string{
			"Raise the integration's daily API budget if the CRM's quota allows it.",
			"Else do nothing: each day's run goes on where the last one stopped.",
		},
		Who: "An admin of the workspace",
	}
}

func resumeWords(resumeAt *time.Time) string {
	if resumeAt == nil {
		return "The next run goes on where it stopped."
	}
	return "The next daily run goes on where it stopped: " + momentWords(*resumeAt) + "."
}

// RunFailedRepeatedly warns that an integration will be paused if its runs go on
// failing. Reason is why the last of them failed.
func RunFailedRepeatedly(streak FailureStreak, limits AutoPauseLimits, reason string) AlertIntent {
	return AlertIntent{
		Action: ActionOpen, Key: AlertKey{Rule: RuleRunFailedRepeatedly}, Severity: SeverityWarning,
		Title: fmt.Sprintf("The daily run failed %s in a row", counted(streak.Failures, "time")),
		Message: fmt.Sprintf("Nothing was read since %s. After %s and %s the integration is paused by itself. %s",
			momentWords(streak.Since), counted(limits.Failures, "failure"), counted(limits.Days, "day"), consequence),
		Evidence: reason,
		Fix: Fix{
			Steps: []string{
				"Open the log of the last run and follow what it says about its errors.",
				"Start a run by hand: when it reads something, the count begins again.",
			},
			Who: "An admin of the workspace",
		},
		Since: streak.Since,
	}
}

// AutoPaused tells that an integration was paused because its runs kept failing.
func AutoPaused(streak FailureStreak, reason string) AlertIntent {
	return AlertIntent{
		Action: ActionOpen, Key: AlertKey{Rule: RuleAutoPaused}, Severity: SeverityCritical,
		Title: "The integration was paused because its runs kept failing",
		Message: fmt.Sprintf("The daily run failed %s in a row, first on %s. Nothing is synced or checked until somebody resumes the integration. %s",
			counted(streak.Failures, "time"), momentWords(streak.Since), consequence),
		Evidence: reason,
		Fix: Fix{
			Steps: []string{
				"Open the log of the last run and repair what it says.",
				"Resume the integration, then start a run by hand.",
			},
			Who: "An admin of the workspace",
		},
		Since: streak.Since,
	}
}

// SyncDelayed tells that nothing was read for longer than the schedule promises.
func SyncDelayed(freshness Freshness, lastRead time.Time) AlertIntent {
	intent := AlertIntent{
		Action: ActionOpen, Key: AlertKey{Rule: RuleSyncDelayed}, Severity: SeverityWarning,
		Title: "Synced data is late",
		Message: fmt.Sprintf("The last run that read something ended on %s, more than a day ago. It is resolved by itself when a run gets through.",
			momentWords(lastRead)),
		Fix: Fix{
			Steps: []string{
				"Look at the newest runs: their status and log say what keeps them.",
				"Start a run by hand once that is repaired, or wait for the next daily one.",
			},
			Who: "An admin of the workspace",
		},
		Since: lastRead,
	}
	if freshness == FreshnessStale {
		intent.Title = "Synced data is stale"
		intent.Message = fmt.Sprintf("The last run that read something ended on %s, more than two days ago. It is resolved by itself when a run gets through.",
			momentWords(lastRead))
	}
	return intent
}

// momentWords words an instant as alerts do.
func momentWords(t time.Time) string { return t.UTC().Format("2 January 2006 at 15:04 UTC") }
