package crm

// OnboardingProgress is what a feed entry of the kind "onboarding" says: one tick of
// the onboarding check (requirement F2), or that a step is done.
type OnboardingProgress struct {
	Step     OnboardingStep `json:"step"`
	StepDone bool           `json:"stepDone,omitempty"`
	// Object is the CRM's name of the object that was asked for; empty when it is about
	// the step.
	Object string `json:"object,omitempty"`
	// Readable is nil when the check of the object failed: nothing is known.
	Readable *bool `json:"readable,omitempty"`
	// Checked is how many of Total objects were answered for; both are 0 when it is
	// about the step.
	Checked int `json:"checked,omitempty"`
	Total   int `json:"total,omitempty"`
}

// FeedOnboarding is the kind of the feed entries that hold an OnboardingProgress.
const FeedOnboarding = "onboarding"
