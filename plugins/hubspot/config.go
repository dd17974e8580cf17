package hubspot

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// configSchema is the JSON Schema of config.
//
//go:embed config.schema.json
var configSchema string

// config is the connector's own configuration; see configSchema.
type config struct {
	APIVersion     version `json:"apiVersion"`
	OverlapMinutes *int    `json:"overlapMinutes"`
}

// defaultOverlap is how long the search index may lag without a change being
// missed. HubSpot speaks of seconds; bulk imports are known to take minutes.
const defaultOverlap = 10 * time.Minute

func (c config) overlap() time.Duration {
	if c.OverlapMinutes == nil {
		return defaultOverlap
	}
	return time.Duration(*c.OverlapMinutes) * time.Minute
}

func parseConfig(raw json.RawMessage) (config, error) {
	c := config{APIVersion: defaultVersion}
	if len(bytes.TrimSpace(raw)) == 0 {
		return c, nil
	}
	if err := json.Unmarshal(raw, &c); err != nil {
		return config{}, sdk.InvalidRequest("the HubSpot configuration is not what its schema asks for")
	}
	if !slices.Contains([]version{version202609, version202603, versionV3}, c.APIVersion) {
		return config{}, sdk.InvalidRequest("apiVersion must be 2026-09, 2026-03 or v3")
	}
	if c.OverlapMinutes != nil && (*c.OverlapMinutes < 1 || *c.OverlapMinutes > 1440) {
		return config{}, sdk.InvalidRequest("overlapMinutes must be between 1 and 1440")
	}
	return c, nil
}
