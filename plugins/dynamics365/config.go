package dynamics365

import _ "embed"

// configSchema is the JSON Schema of the configuration. The host fills its
// properties into the manifest's addresses; the connector itself needs none.
//
//go:embed config.schema.json
var configSchema string
