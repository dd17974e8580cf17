package crm

// ConnectorUnhealthy tells that the program which speaks to the CRM takes no calls
// (requirement K9). Title is the connector's, reason what the host says of it.
func ConnectorUnhealthy(title, reason string) AlertIntent {
	return AlertIntent{
		Action: ActionOpen, Key: AlertKey{Rule: RuleConnectorUnhealthy}, Severity: SeverityWarning,
		Title: "The connector for " + title + " does not work",
		Message: "The program that speaks to the CRM crashed too often, or cannot be started. Until it works nothing is synced or checked. " +
			"It says nothing about the access that the integration user has.",
		Evidence: reason,
		Fix: Fix{
			Steps: []string{
				"Look at the connector's status: it shows what went wrong and the last lines that the program wrote.",
				"Repair that, or install another version of the connector.",
				"Restart the connector.",
			},
			Who: "The operator of the server",
		},
	}
}
