package fault

// Code names one kind of failure. Codes are stable: clients switch on them.
type Code string

// Failures of a request to Fieldwarden.
const (
	Internal            Code = "INTERNAL"
	BadInput            Code = "BAD_INPUT"
	Unauthenticated     Code = "UNAUTHENTICATED"
	Forbidden           Code = "FORBIDDEN"
	NotFound            Code = "NOT_FOUND"
	Conflict            Code = "CONFLICT"
	IdempotencyMismatch Code = "IDEMPOTENCY_MISMATCH"
	PageSize            Code = "PAGE_SIZE"
	CursorInvalid       Code = "CURSOR_INVALID"
	CursorExpired       Code = "CURSOR_EXPIRED"
	InstanceLimit       Code = "INSTANCE_LIMIT"
	InstanceMismatch    Code = "INSTANCE_MISMATCH"
	EnvironmentMismatch Code = "ENVIRONMENT_MISMATCH"
	OAuthStateInvalid   Code = "OAUTH_STATE_INVALID"
	OAuthStateExpired   Code = "OAUTH_STATE_EXPIRED"
	OAuthStateUsed      Code = "OAUTH_STATE_USED"
	OAuthDenied         Code = "OAUTH_DENIED"
	OAuthClientMissing  Code = "OAUTH_CLIENT_MISSING"
	IntegrationState    Code = "INTEGRATION_STATE"
	OnboardingBlocked   Code = "ONBOARDING_BLOCKED"
	SettingInvalid      Code = "SETTING_INVALID"
	SettingUnavailable  Code = "SETTING_UNAVAILABLE"
	MappingConflict     Code = "MAPPING_CONFLICT"
	RunActive           Code = "RUN_ACTIVE"
	TooManyRequests     Code = "TOO_MANY_REQUESTS"
	LastOwner           Code = "LAST_OWNER"
	InvitationInvalid   Code = "INVITATION_INVALID"
	SignInLinkInvalid   Code = "SIGN_IN_LINK_INVALID"
	SignInRefused       Code = "SIGN_IN_REFUSED"
	SignInFailed        Code = "SIGN_IN_FAILED"
	OriginRefused       Code = "ORIGIN_REFUSED"
	ConfirmRequired     Code = "CONFIRM_REQUIRED"
	DataSyncOff         Code = "DATA_SYNC_OFF"
	BudgetExhausted     Code = "BUDGET_EXHAUSTED"
	RunEnded            Code = "RUN_ENDED"
	RecipientRequired   Code = "RECIPIENT_REQUIRED"
	DocumentInvalid     Code = "DOCUMENT_INVALID"
	MandatoryAlert      Code = "MANDATORY_ALERT"
	ConnectorKind       Code = "CONNECTOR_KIND"
	MailUnconfigured    Code = "MAIL_UNCONFIGURED"
	ReceiverFailed      Code = "RECEIVER_FAILED"
	ChannelDisabled     Code = "CHANNEL_DISABLED"
)

// Failures of the host itself.
const (
	DatabaseUnavailable Code = "DATABASE_UNAVAILABLE"
	DatabaseFuture      Code = "DATABASE_FUTURE"
	DatabaseCorrupt     Code = "DATABASE_CORRUPT"
	DatabaseLocked      Code = "DATABASE_LOCKED"
	KeyMissing          Code = "KEY_MISSING"
	KeyWrong            Code = "KEY_WRONG"
	ConfigInvalid       Code = "CONFIG_INVALID"
	ShuttingDown        Code = "SHUTTING_DOWN"
	Fenced              Code = "FENCED"
	HostBlocked         Code = "HOST_BLOCKED"
	BackupInvalid       Code = "BACKUP_INVALID"
	BackupForeign       Code = "BACKUP_FOREIGN"
)

// Failures of a connector program.
const (
	ConnectorNotFound      Code = "CONNECTOR_NOT_FOUND"
	ConnectorNotExecutable Code = "CONNECTOR_NOT_EXECUTABLE"
	ConnectorChecksum      Code = "CONNECTOR_CHECKSUM"
	ConnectorProtocol      Code = "CONNECTOR_PROTOCOL"
	ConnectorStart         Code = "CONNECTOR_START"
	ConnectorCrashed       Code = "CONNECTOR_CRASHED"
	ConnectorTimeout       Code = "CONNECTOR_TIMEOUT"
	ConnectorAnswer        Code = "CONNECTOR_ANSWER"
	ConnectorTooLarge      Code = "CONNECTOR_TOO_LARGE"
	ConnectorQuarantined   Code = "CONNECTOR_QUARANTINED"
	ConnectorUnsupported   Code = "CONNECTOR_UNSUPPORTED"
	ConnectorInternal      Code = "CONNECTOR_INTERNAL"
	RecordRefused          Code = "RECORD_REFUSED"
)

// Failures that the CRM reported or caused.
const (
	CRMUnauthenticated Code = "CRM_UNAUTHENTICATED"
	CRMGrantRevoked    Code = "CRM_GRANT_REVOKED"
	CRMForbidden       Code = "CRM_FORBIDDEN"
	CRMAppBlocked      Code = "CRM_APP_BLOCKED"
	CRMObjectDenied    Code = "CRM_OBJECT_DENIED"
	CRMFieldDenied     Code = "CRM_FIELD_DENIED"
	CRMRateLimited     Code = "CRM_RATE_LIMITED"
	CRMQuotaExhausted  Code = "CRM_QUOTA_EXHAUSTED"
	CRMUnavailable     Code = "CRM_UNAVAILABLE"
	CRMTimeout         Code = "CRM_TIMEOUT"
	CRMBadResponse     Code = "CRM_BAD_RESPONSE"
	CRMInvalidRequest  Code = "CRM_INVALID_REQUEST"
	CRMCursorExpired   Code = "CRM_CURSOR_EXPIRED"
	CRMAPIVersion      Code = "CRM_API_VERSION"
)

// Info is what the list knows of a code.
type Info struct {
	Code  Code
	Side  Side
	Retry Retry
	// Hint says what to do, for the person who sees the error.
	Hint string
}

// Lookup returns the facts of a code; false for a code that is not listed.
func Lookup(code Code) (Info, bool) {
	for _, info := range Codes() {
		if info.Code == code {
			return info, true
		}
	}
	return Info{Code: code, Side: Host, Retry: RetrySystem}, false
}

// Codes returns the whole list, in a stable order.
func Codes() []Info { //nolint:funlen // it is a table
	return []Info{
		{Internal, Host, RetrySystem, "Try again; if it persists, give the request id to the operator."},
		{BadInput, Host, RetryNever, "Correct the named field and send the request again."},
		{Unauthenticated, Host, RetryNever, "Sign in, or send a valid bearer token; ask an admin for a new one if yours has ended."},
		{Forbidden, Host, RetryNever, "Ask an admin of the workspace to do this, or for the role it needs."},
		{NotFound, Host, RetryNever, "Check the id; it names nothing in your workspace."},
		{Conflict, Host, RetryNever, "Reload, look at what changed, and send the change again with the new version."},
		{IdempotencyMismatch, Host, RetryNever, "Use a new idempotency key for a different request."},
		{PageSize, Host, RetryNever, "Ask for 1 to 100 items with first or last and page on with the cursor."},
		{CursorInvalid, Host, RetryNever, "Use a cursor exactly as an earlier answer gave it."},
		{CursorExpired, Host, RetryNever, "Query the present state, then subscribe again without a cursor."},
		{InstanceLimit, Host, RetryNever, "Use the integration that exists, or connect the other environment."},
		{InstanceMismatch, Host, RetryNever, "Sign in to the CRM instance that was connected before."},
		{EnvironmentMismatch, Host, RetryNever, "Start again with the environment that matches the CRM instance."},
		{OAuthStateInvalid, Host, RetryNever, "Start the connection again and finish it in the same browser."},
		{OAuthStateExpired, Host, RetryNever, "Start the connection again; sign in within ten minutes."},
		{OAuthStateUsed, Host, RetryNever, "This sign-in was already used; open the integration to see its state."},
		{OAuthDenied, CRM, RetryNever, "Start again and approve the access that is asked for."},
		{OAuthClientMissing, Host, RetryNever, "Set the OAuth client id and secret of this CRM for the workspace first."},
		{IntegrationState, Host, RetryNever, "Look at the integration's state and finish the step it waits for."},
		{OnboardingBlocked, Host, RetryNever, "Resolve the listed blockers, then finish again."},
		{SettingInvalid, Host, RetryNever, "Send a value of the setting's type and range."},
		{SettingUnavailable, Host, RetryNever, "Remove the reason shown beside the setting, then set it."},
		{MappingConflict, Host, RetryNever, "Unmap the other standard field first."},
		{RunActive, Host, RetryBackoff, "Wait for the active run to end."},
		{TooManyRequests, Host, RetryLater, "Wait as long as the answer says, then go on more slowly."},
		{LastOwner, Host, RetryNever, "Make somebody else an owner first."},
		{InvitationInvalid, Host, RetryNever, "Ask an admin of the workspace for a new invitation."},
		{SignInLinkInvalid, Host, RetryNever, "Ask the operator for a new sign-in link; each works once, in its time."},
		{SignInRefused, Host, RetryNever, "Ask an admin of the workspace to invite the e-mail address that you signed in with."},
		{SignInFailed, Host, RetryNever, "Sign in again; if it persists, the operator should look at the identity provider."},
		{OriginRefused, Host, RetryNever, "Send the request from the server's own pages, or ask the operator to allow the origin."},
		{ConfirmRequired, Host, RetryNever, "Read what it would do, then send the same input with confirm: true."},
		{DataSyncOff, Host, RetryNever, "Switch the setting dataSync on."},
		{BudgetExhausted, Host, RetryLater, "Nothing to do: it goes on the next day. Raise the budget to go on sooner."},
		{RunEnded, Host, RetryNever, "Nothing to do: the run has ended."},
		{RecipientRequired, Host, RetryNever, "Add another EXTERNAL recipient first."},
		{DocumentInvalid, Host, RetryNever, "Correct the document at the line that is named; nothing of it was applied."},
		{MandatoryAlert, Host, RetryNever, "Repair the cause, unmap the field or disconnect the integration: it ends with its problem. Acknowledge or snooze it meanwhile."},
		{ConnectorKind, Host, RetryNever, "Choose a connector of the kind CRM: marketing automation is not checked."},
		{MailUnconfigured, Host, RetryNever, "Ask the operator to set a mail server in the server's configuration."},
		{ReceiverFailed, Host, RetryLater, "Look at the delivery log for the receiver's answer, and repair the receiver or its address."},
		{ChannelDisabled, Host, RetryNever, "Repair the receiver, then enable the channel again."},

		{DatabaseUnavailable, Host, RetrySystem, "Check that the database runs and can be reached."},
		{DatabaseFuture, Host, RetryNever, "This database was written by a newer Fieldwarden; run that version or restore a backup."},
		{DatabaseCorrupt, Host, RetryNever, "Restore the newest backup; keep the damaged file for analysis."},
		{DatabaseLocked, Host, RetryNever, "Stop the other Fieldwarden process that holds this data folder."},
		{KeyMissing, Host, RetryNever, "Provide the encryption key that this database was written with."},
		{KeyWrong, Host, RetryNever, "Provide the encryption key that this database was written with."},
		{ConfigInvalid, Host, RetryNever, "Correct the named configuration key."},
		{ShuttingDown, Host, RetryBackoff, "Try again in a few seconds."},
		{Fenced, Host, RetryNever, "Nothing to do: another worker took over."},
		{HostBlocked, Host, RetryNever, "The address is not allowed; ask the operator to allow it if it is right."},
		{BackupInvalid, Host, RetryNever, "Restore from another backup: this file is not a whole backup of Fieldwarden."},
		{BackupForeign, Host, RetryNever, "Restore into the kind of database that the backup was made of, into an empty one, with the key of that time."},

		{ConnectorNotFound, Connector, RetryNever, "Install the connector, or correct its path in the operator configuration."},
		{ConnectorNotExecutable, Connector, RetryNever, "Make the connector's file executable and built for this machine."},
		{ConnectorChecksum, Connector, RetryNever, "The connector's file changed; reinstall it and register the new checksum."},
		{ConnectorProtocol, Connector, RetryNever, "Install a connector version that speaks this protocol version."},
		{ConnectorStart, Connector, RetryBackoff, "Look at the connector's last log lines; it did not start."},
		{ConnectorCrashed, Connector, RetryBackoff, "It is restarted by itself; if it persists, report it to the connector's author."},
		{ConnectorTimeout, Connector, RetryBackoff, "It is tried again by itself; if it persists, report it to the connector's author."},
		{ConnectorAnswer, Connector, RetryNever, "Report it to the connector's author: its answer breaks the protocol."},
		{ConnectorTooLarge, Connector, RetryNever, "Report it to the connector's author: its answer is over the size limit."},
		{ConnectorQuarantined, Connector, RetryNever, "It crashed too often; look at its log, then restart it."},
		{ConnectorUnsupported, Connector, RetryNever, "This connector cannot do that."},
		{ConnectorInternal, Connector, RetryBackoff, "Report it to the connector's author."},
		{RecordRefused, Connector, RetryNever, "The other records were stored. Report it to the connector's author if the record is well in the CRM."},

		{CRMUnauthenticated, CRM, RetryBackoff, "The access token is refreshed by itself; if it persists, reconnect."},
		{CRMGrantRevoked, CRM, RetryNever, "Reconnect: an admin signs in to the CRM again."},
		{CRMForbidden, CRM, RetryNever, "Ask the CRM admin to allow API access for the integration user."},
		{CRMAppBlocked, CRM, RetryNever, "Ask the CRM admin to approve the app for the integration user."},
		{CRMObjectDenied, CRM, RetryNever, "Ask the CRM admin to grant read on the object to the integration user."},
		{CRMFieldDenied, CRM, RetryNever, "Ask the CRM admin to make the field visible to the integration user."},
		{CRMRateLimited, CRM, RetryLater, "Nothing to do: it goes on when the CRM allows it."},
		{CRMQuotaExhausted, CRM, RetryLater, "Raise the CRM's API quota, or wait for its reset."},
		{CRMUnavailable, CRM, RetryBackoff, "Nothing to do: it is tried again; see the CRM's status page if it lasts."},
		{CRMTimeout, CRM, RetryBackoff, "Nothing to do: it is tried again."},
		{CRMBadResponse, CRM, RetryBackoff, "It is tried again; if it persists, a proxy or login page may stand before the CRM."},
		{CRMInvalidRequest, CRM, RetryNever, "Report it to the connector's author: the CRM refused the request."},
		{CRMCursorExpired, CRM, RetryBackoff, "Nothing to do: reading starts again from the saved position."},
		{CRMAPIVersion, CRM, RetryNever, "Update the connector: the CRM no longer offers its API version."},
	}
}
