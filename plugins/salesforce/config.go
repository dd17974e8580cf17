package salesforce

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// configSchema is the JSON Schema of config.
//
//go:embed config.schema.json
var configSchema string

// config is the connector's own configuration; see configSchema.
type config struct {
	OverlapMinutes *int `json:"overlapMinutes"`
}

// defaultOverlap is how long a transaction may take from stamping a record to
// its commit without the record being missed.
const defaultOverlap = 10 * time.Minute

func (c config) overlap() time.Duration {
	if c.OverlapMinutes == nil {
		return defaultOverlap
	}
	return time.Duration(*c.OverlapMinutes) * time.Minute
}

func parseConfig(raw json.RawMessage) (config, error) {
	var c config
	if len(bytes.TrimSpace(raw)) == 0 {
		return c, nil
	}
	if err := json.Unmarshal(raw, &c); err != nil {
		return config{}, sdk.InvalidRequest("the Salesforce configuration is not what its schema asks for")
	}
	if c.OverlapMinutes != nil && (*c.OverlapMinutes < 1 || *c.OverlapMinutes > 1440) {
		return config{}, sdk.InvalidRequest("overlapMinutes must be between 1 and 1440")
	}
	return c, nil
}
