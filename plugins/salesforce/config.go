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
	BulkThreshold  *int `json:"bulkThreshold"`
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

// defaultBulkThreshold is about where a bulk job is faster than a query's pages.
const defaultBulkThreshold = 10_000

func (c config) bulkThreshold() int {
	if c.BulkThreshold == nil {
		return defaultBulkThreshold
	}
	return *c.BulkThreshold
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
	if c.BulkThreshold != nil && *c.BulkThreshold < 0 {
		return config{}, sdk.InvalidRequest("bulkThreshold must not be negative")
	}
	return c, nil
}
