package salesforce

// NewWithoutPause is New for tests outside the package: calls are repeated
// without waiting.
var NewWithoutPause = newTestConnector

// SmallPages makes a connector fetch bulk results in pages of n records.
func (c *Connector) SmallPages(n int) *Connector {
	c.bulkPage = n
	return c
}
