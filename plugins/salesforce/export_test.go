package salesforce

// NewWithoutPause is New for tests outside the package: calls are repeated
// without waiting.
var NewWithoutPause = newTestConnector
