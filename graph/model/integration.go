package model

import (
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
)

// APIBudget is what runs may spend of one API of a CRM, and have spent today
// (requirements G5, D17).
type APIBudget struct {
	APIType string
	Title   string
	// DailyLimit is nil when there is no limit of ours.
	DailyLimit            *int
	RecommendedDailyLimit *int
	UsedToday             int
	ResetsAt              time.Time
}

// UserMatch is a member and the CRM user that the member is (requirement A5).
type UserMatch struct {
	Member *ent.Member
	Status UserMatchStatus
	// CrmUserID is the CRM's id of the user; nil when there is none.
	CrmUserID *string
}
