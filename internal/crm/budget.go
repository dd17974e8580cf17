package crm

import "maps"

// nearPercent is the share of a budget at which people are warned (requirement K5).
const nearPercent = 80

// APIUse is how far one of a CRM's APIs was used on one local day, and what runs may
// use of it (requirements G5, D17).
type APIUse struct {
	APIType
	Used int
	// Limit is how many calls are allowed; 0 is no limit of ours.
	Limit int
}

// Exhausted reports whether the budget is used up.
func (u APIUse) Exhausted() bool { return u.Limit > 0 && u.Used >= u.Limit }

// Near reports whether most of the budget is used, or all of it.
func (u APIUse) Near() bool { return u.Limit > 0 && u.Used*100 >= u.Limit*nearPercent }

// Quota is the CRM's own API quota, which all apps share.
type Quota struct {
	Used int
	// Max is 0 while the CRM has not told.
	Max int
	// StopPercent is the share at which runs stop.
	StopPercent int
}

// Reached reports whether the share at which runs stop is used.
func (q Quota) Reached() bool { return q.Max > 0 && q.Used*100 >= q.Max*q.StopPercent }

// Percent is the used share, rounded down; 0 while the CRM has not told.
func (q Quota) Percent() int {
	if q.Max == 0 {
		return 0
	}
	return q.Used * 100 / q.Max
}

// Allowance is what a run may still spend today. The first API is the one that calls
// count by when a connector does not say otherwise (CallStats.ByType).
type Allowance struct {
	APIs  []APIUse
	Quota Quota
}

// LimitKind says which limit stops a run.
type LimitKind string

// Limits that stop a run until the next day.
const (
	LimitNone   LimitKind = ""
	LimitBudget LimitKind = "BUDGET"
	LimitQuota  LimitKind = "QUOTA"
)

// Stop says which limit forbids the next call, and of which API; LimitNone when none
// does.
func (a Allowance) Stop() (LimitKind, APIUse) {
	for _, use := range a.APIs {
		if use.Exhausted() {
			return LimitBudget, use
		}
	}
	if a.Quota.Reached() {
		return LimitQuota, APIUse{}
	}
	return LimitNone, APIUse{}
}

// Spend is the allowance after calls that cost stats.
func (a Allowance) Spend(stats CallStats) Allowance {
	calls := stats.Calls(a.first())
	apis := make([]APIUse, len(a.APIs))
	for i, use := range a.APIs {
		use.Used += calls[use.Key]
		apis[i] = use
	}
	a.APIs = apis
	if stats.QuotaMax > 0 {
		a.Quota.Used, a.Quota.Max = stats.QuotaUsed, stats.QuotaMax
	}
	return a
}

// Without is the allowance as it was before calls that cost stats.
func (a Allowance) Without(stats CallStats) Allowance {
	calls := stats.Calls(a.first())
	apis := make([]APIUse, len(a.APIs))
	for i, use := range a.APIs {
		use.Used -= calls[use.Key]
		apis[i] = use
	}
	a.APIs = apis
	return a
}

// Crossed lists the APIs of which most of the budget is used now, and was not before:
// each warns once a day (requirement K5).
func (a Allowance) Crossed(before Allowance) []APIUse {
	was := map[string]bool{}
	for _, use := range before.APIs {
		was[use.Key] = use.Near()
	}
	var crossed []APIUse
	for _, use := range a.APIs {
		if use.Near() && !was[use.Key] {
			crossed = append(crossed, use)
		}
	}
	return crossed
}

// HasRoom reports whether no budget is nearly used.
func (a Allowance) HasRoom() bool {
	for _, use := range a.APIs {
		if use.Near() {
			return false
		}
	}
	return true
}

func (a Allowance) first() string {
	if len(a.APIs) == 0 {
		return DefaultAPIType().Key
	}
	return a.APIs[0].Key
}

// Calls divides the calls by API; those that the connector did not assign go to the
// first one. APIs without a call are left out.
func (s CallStats) Calls(first string) map[string]int {
	calls := make(map[string]int, len(s.ByType)+1)
	rest := s.CRMCalls
	for key, n := range s.ByType {
		if n > 0 {
			calls[key] += n
			rest -= n
		}
	}
	if rest > 0 {
		calls[first] += rest
	}
	return calls
}

// Plus adds the cost of a later call: calls add up, the quota is the newest figure.
func (s CallStats) Plus(later CallStats) CallStats {
	s.CRMCalls += later.CRMCalls
	if len(later.ByType) > 0 {
		sum := maps.Clone(s.ByType)
		if sum == nil {
			sum = make(map[string]int, len(later.ByType))
		}
		for key, n := range later.ByType {
			sum[key] += n
		}
		s.ByType = sum
	}
	if later.QuotaMax > 0 {
		s.QuotaUsed, s.QuotaMax = later.QuotaUsed, later.QuotaMax
	}
	return s
}

// Cost is what a request of a verb costs by the connector's own word, for verbs whose
// answers do not tell; one call when the manifest says nothing of the verb.
func (m Manifest) Cost(verb string, objects int) CallStats {
	for _, cost := range m.Costs {
		if cost.Verb == verb {
			return CallStats{CRMCalls: cost.CallsPerRequest + objects*cost.CallsPerObject}
		}
	}
	return CallStats{CRMCalls: 1}
}
