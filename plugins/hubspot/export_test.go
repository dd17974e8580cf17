package hubspot

// NewWithoutPause is New for tests outside the package: nothing is waited for.
var NewWithoutPause = newTestConnector
