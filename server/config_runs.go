package server

import (
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// RunsConfig is about runs.
type RunsConfig struct {
	// AutoPause says when an integration whose daily runs keep failing is paused.
	AutoPause AutoPauseConfig `yaml:"autoPause"`
}

// AutoPauseConfig are the limits of the automatic pause: of failures and days both
// must be reached. Zero means at once.
type AutoPauseConfig struct {
	// WarnFailures and WarnDays lead to a warning.
	WarnFailures int `yaml:"warnFailures"`
	WarnDays     int `yaml:"warnDays"`
	// Failures and Days lead to the pause.
	Failures int `yaml:"failures"`
	Days     int `yaml:"days"`
}

func defaultRunsConfig() RunsConfig {
	limits := crm.DefaultAutoPauseLimits()
	return RunsConfig{AutoPause: AutoPauseConfig{
		WarnFailures: limits.WarnFailures, WarnDays: limits.WarnDays, Failures: limits.Failures, Days: limits.Days,
	}}
}

// limits checks the configuration.
func (c AutoPauseConfig) limits() (crm.AutoPauseLimits, error) {
	limits := crm.AutoPauseLimits{WarnFailures: c.WarnFailures, WarnDays: c.WarnDays, Failures: c.Failures, Days: c.Days}
	if c.Failures < 1 || c.WarnFailures < 1 || c.Days < 0 || c.WarnDays < 0 {
		return limits, fault.New(fault.ConfigInvalid, "runs.autoPause: failures and warnFailures must be at least 1, days and warnDays at least 0.",
			fault.Field("runs", "autoPause"))
	}
	return limits, nil
}
