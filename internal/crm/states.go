package crm

import "slices"

// IntegrationState is where an integration is in its life (design: DRAFT → AUTHORIZING → ONBOARDING → ACTIVE ⇄ PAUSED; ACTIVE → GRACE → DISCONNECTED).
type IntegrationState string

// Values of IntegrationState.
const (
	IntegrationDraft        IntegrationState = "DRAFT"
	IntegrationAuthorizing  IntegrationState = "AUTHORIZING"
	IntegrationOnboarding   IntegrationState = "ONBOARDING"
	IntegrationActive       IntegrationState = "ACTIVE"
	IntegrationPaused       IntegrationState = "PAUSED"
	IntegrationGrace        IntegrationState = "GRACE"
	IntegrationDisconnected IntegrationState = "DISCONNECTED"
)

// Values lists them, for the database's enum.
func (IntegrationState) Values() []string {
	return []string{string(IntegrationDraft), string(IntegrationAuthorizing), string(IntegrationOnboarding), string(IntegrationActive), string(IntegrationPaused), string(IntegrationGrace), string(IntegrationDisconnected)}
}

// OnboardingStep is one step of the first connection (requirement C3).
type OnboardingStep string

// Values of OnboardingStep.
const (
	StepAuthorize       OnboardingStep = "AUTHORIZE"
	StepCheck           OnboardingStep = "CHECK"
	StepSettings        OnboardingStep = "SETTINGS"
	StepStandardization OnboardingStep = "STANDARDIZATION"
	StepReview          OnboardingStep = "REVIEW"
)

// Values lists them, for the database's enum.
func (OnboardingStep) Values() []string {
	return []string{string(StepAuthorize), string(StepCheck), string(StepSettings), string(StepStandardization), string(StepReview)}
}

// Requirement says how much a package needs an object or a standard field (requirement F1).
type Requirement string

// Values of Requirement.
const (
	Required    Requirement = "REQUIRED"
	Recommended Requirement = "RECOMMENDED"
	Optional    Requirement = "OPTIONAL"
)

// Values lists them, for the database's enum.
func (Requirement) Values() []string {
	return []string{string(Required), string(Recommended), string(Optional)}
}

// ObjectStatus is the present verdict on an object (requirement F4). A check that failed changes no status: it marks it stale.
type ObjectStatus string

// Values of ObjectStatus.
const (
	ObjectOK                ObjectStatus = "OK"
	ObjectPermissionMissing ObjectStatus = "PERMISSION_MISSING"
	ObjectNotFound          ObjectStatus = "NOT_FOUND"
	ObjectNotChecked        ObjectStatus = "NOT_CHECKED"
)

// Values lists them, for the database's enum.
func (ObjectStatus) Values() []string {
	return []string{string(ObjectOK), string(ObjectPermissionMissing), string(ObjectNotFound), string(ObjectNotChecked)}
}

// FieldStatus is one of the three statuses a person sees (requirement I2), or FieldInaccessible, which is shown only on demand (I9).
type FieldStatus string

// Values of FieldStatus.
const (
	FieldActiveStandardized FieldStatus = "ACTIVE_STANDARDIZED"
	FieldActive             FieldStatus = "ACTIVE"
	FieldErrorStandardized  FieldStatus = "ERROR_STANDARDIZED"
	FieldInaccessible       FieldStatus = "INACCESSIBLE"
)

// Values lists them, for the database's enum.
func (FieldStatus) Values() []string {
	return []string{string(FieldActiveStandardized), string(FieldActive), string(FieldErrorStandardized), string(FieldInaccessible)}
}

// ChangeType is what two checks say of a subject (requirement J3). A SUSPECTED loss waits for its confirmation (J5).
type ChangeType string

// Values of ChangeType.
const (
	ChangeSuspected ChangeType = "SUSPECTED"
	ChangeLost      ChangeType = "LOST"
	ChangeRestored  ChangeType = "RESTORED"
	ChangeAppeared  ChangeType = "APPEARED"
	ChangeVanished  ChangeType = "VANISHED"
	// ChangeRightsReduced means that it can be read as before, but not created or updated as before.
	ChangeRightsReduced ChangeType = "RIGHTS_REDUCED"
	// ChangeRightsExtended means that it can be created or updated where it could not.
	ChangeRightsExtended ChangeType = "RIGHTS_EXTENDED"
)

// Values lists them, for the database's enum.
func (ChangeType) Values() []string {
	return []string{string(ChangeSuspected), string(ChangeLost), string(ChangeRestored), string(ChangeAppeared), string(ChangeVanished), string(ChangeRightsReduced), string(ChangeRightsExtended)}
}

// RunKind says why a run exists.
type RunKind string

// Values of RunKind.
const (
	RunScheduled  RunKind = "SCHEDULED"
	RunCatchUp    RunKind = "CATCH_UP"
	RunManual     RunKind = "MANUAL"
	RunOnboarding RunKind = "ONBOARDING"
)

// Values lists them, for the database's enum.
func (RunKind) Values() []string {
	return []string{string(RunScheduled), string(RunCatchUp), string(RunManual), string(RunOnboarding)}
}

// RunStatus is the state of a run (requirement G4). PARTIAL is first-class: one unreadable object never fails the others and never reads as success.
type RunStatus string

// Values of RunStatus.
const (
	RunQueued    RunStatus = "QUEUED"
	RunRunning   RunStatus = "RUNNING"
	RunSucceeded RunStatus = "SUCCEEDED"
	RunPartial   RunStatus = "PARTIAL"
	RunFailed    RunStatus = "FAILED"
	RunCancelled RunStatus = "CANCELLED"
	// RunSkipped read nothing because nothing was to be read; the reason says why.
	RunSkipped RunStatus = "SKIPPED"
	// RunRateLimited was stopped by a limit: while it has not ended it goes on by
	// itself, when it has ended the next run goes on where it stopped.
	RunRateLimited RunStatus = "RATE_LIMITED"
)

// Values lists them, for the database's enum.
func (RunStatus) Values() []string {
	return []string{string(RunQueued), string(RunRunning), string(RunSucceeded), string(RunPartial), string(RunFailed), string(RunCancelled), string(RunSkipped), string(RunRateLimited)}
}

// RunPhase is the step a run is at, in the order of requirement G2.
type RunPhase string

// Values of RunPhase.
const (
	PhaseChecklist RunPhase = "CHECKLIST"
	PhaseCheck     RunPhase = "CHECK"
	PhaseRead      RunPhase = "READ"
	PhaseEvaluate  RunPhase = "EVALUATE"
	PhaseDone      RunPhase = "DONE"
)

// Values lists them, for the database's enum.
func (RunPhase) Values() []string {
	return []string{string(PhaseChecklist), string(PhaseCheck), string(PhaseRead), string(PhaseEvaluate), string(PhaseDone)}
}

// RunObjectStatus is how a run fared with one object.
type RunObjectStatus string

// Values of RunObjectStatus.
const (
	RunObjectPending   RunObjectStatus = "PENDING"
	RunObjectRunning   RunObjectStatus = "RUNNING"
	RunObjectSucceeded RunObjectStatus = "SUCCEEDED"
	RunObjectSkipped   RunObjectStatus = "SKIPPED"
	RunObjectFailed    RunObjectStatus = "FAILED"
)

// Values lists them, for the database's enum.
func (RunObjectStatus) Values() []string {
	return []string{string(RunObjectPending), string(RunObjectRunning), string(RunObjectSucceeded), string(RunObjectSkipped), string(RunObjectFailed)}
}

// AlertRule names the rule that opened an alert (requirements K1 to K9).
type AlertRule string

// Values of AlertRule.
const (
	RuleObjectAccessMissing      AlertRule = "OBJECT_ACCESS_MISSING"
	RuleRequiredObjectLost       AlertRule = "REQUIRED_OBJECT_ACCESS_LOST"
	RuleStandardFieldLost        AlertRule = "STANDARD_FIELD_ACCESS_LOST"
	RuleMissingAtStandardization AlertRule = "MISSING_AT_STANDARDIZATION"
	RuleCredentialExpired        AlertRule = "CREDENTIAL_EXPIRED"
	RuleConnectorUnhealthy       AlertRule = "CONNECTOR_UNHEALTHY"
	RuleAPILimitNear             AlertRule = "API_LIMIT_NEAR"
	RuleAPILimitReached          AlertRule = "API_LIMIT_REACHED"
	RuleGraceEnding              AlertRule = "GRACE_ENDING"
	RuleAutoDisconnected         AlertRule = "AUTO_DISCONNECTED"
	RuleRunFailedRepeatedly      AlertRule = "RUN_FAILED_REPEATEDLY"
	RuleAutoPaused               AlertRule = "AUTO_PAUSED"
	RuleSyncDelayed              AlertRule = "SYNC_DELAYED"
	RuleGraceStarted             AlertRule = "GRACE_STARTED"
	RuleCredentialExpiring       AlertRule = "CREDENTIAL_EXPIRING"
	RuleWriteAccessLost          AlertRule = "WRITE_ACCESS_LOST"
	RuleMappingBroken            AlertRule = "MAPPING_BROKEN"
	RuleRequiredFieldUnmapped    AlertRule = "REQUIRED_FIELD_UNMAPPED"
	RulePicklistValueGone        AlertRule = "PICKLIST_VALUE_GONE"
	RuleSchemaChanged            AlertRule = "SCHEMA_CHANGED"
)

// Values lists them, for the database's enum.
func (AlertRule) Values() []string {
	return []string{string(RuleObjectAccessMissing), string(RuleRequiredObjectLost), string(RuleStandardFieldLost), string(RuleMissingAtStandardization), string(RuleCredentialExpired), string(RuleConnectorUnhealthy), string(RuleAPILimitNear), string(RuleAPILimitReached), string(RuleGraceEnding), string(RuleAutoDisconnected), string(RuleRunFailedRepeatedly), string(RuleAutoPaused), string(RuleSyncDelayed), string(RuleGraceStarted), string(RuleCredentialExpiring), string(RuleWriteAccessLost), string(RuleMappingBroken), string(RuleRequiredFieldUnmapped), string(RulePicklistValueGone), string(RuleSchemaChanged)}
}

// AlertState is where an alert is in its life (requirement K10).
type AlertState string

// Values of AlertState.
const (
	AlertOpen         AlertState = "OPEN"
	AlertAcknowledged AlertState = "ACKNOWLEDGED"
	AlertSnoozed      AlertState = "SNOOZED"
	AlertResolved     AlertState = "RESOLVED"
	// AlertOpenAgain is an alert that had been resolved and is back; nobody has looked at it since.
	AlertOpenAgain AlertState = "REOPENED"
)

// Values lists them, for the database's enum.
func (AlertState) Values() []string {
	return []string{string(AlertOpen), string(AlertAcknowledged), string(AlertSnoozed), string(AlertResolved), string(AlertOpenAgain)}
}

// AlertResolution says why an alert was resolved.
type AlertResolution string

// Values of AlertResolution.
const (
	ResolvedRestored     AlertResolution = "RESTORED"
	ResolvedUnmapped     AlertResolution = "UNMAPPED"
	ResolvedReconnected  AlertResolution = "RECONNECTED"
	ResolvedDisconnected AlertResolution = "DISCONNECTED"
	ResolvedResumed      AlertResolution = "RESUMED"
	ResolvedMapped       AlertResolution = "MAPPED"
	ResolvedDismissed    AlertResolution = "DISMISSED"
	// ResolvedExpired was only news, and its day is over.
	ResolvedExpired AlertResolution = "EXPIRED"
)

// Values lists them, for the database's enum.
func (AlertResolution) Values() []string {
	return []string{string(ResolvedRestored), string(ResolvedUnmapped), string(ResolvedReconnected), string(ResolvedDisconnected), string(ResolvedResumed), string(ResolvedMapped), string(ResolvedDismissed), string(ResolvedExpired)}
}

// AlertEvent is what happened to an alert, as a subscriber sees it.
type AlertEvent string

// Values of AlertEvent.
const (
	AlertOpened          AlertEvent = "OPENED"
	AlertUpdated         AlertEvent = "UPDATED"
	AlertReopened        AlertEvent = "REOPENED"
	AlertWasResolved     AlertEvent = "RESOLVED"
	AlertWasAcknowledged AlertEvent = "ACKNOWLEDGED"
	AlertWasSnoozed      AlertEvent = "SNOOZED"
	// AlertWoke ends a snooze: its time is over, or somebody ended it.
	AlertWoke AlertEvent = "WOKE"
)

// Values lists them, for the database's enum.
func (AlertEvent) Values() []string {
	return []string{string(AlertOpened), string(AlertUpdated), string(AlertReopened), string(AlertWasResolved), string(AlertWasAcknowledged), string(AlertWasSnoozed), string(AlertWoke)}
}

// Severity ranks alerts (requirement K15).
type Severity string

// Values of Severity.
const (
	SeverityCritical Severity = "CRITICAL"
	SeverityWarning  Severity = "WARNING"
	SeverityInfo     Severity = "INFO"
)

// Values lists them, for the database's enum.
func (Severity) Values() []string {
	return []string{string(SeverityCritical), string(SeverityWarning), string(SeverityInfo)}
}

// MappingOrigin says who made a mapping.
type MappingOrigin string

// Values of MappingOrigin.
const (
	MappingAuto  MappingOrigin = "AUTO"
	MappingAdmin MappingOrigin = "ADMIN"
	// MappingDefaulted follows the default of the workspace (requirement H6).
	MappingDefaulted MappingOrigin = "DEFAULT"
)

// Values lists them, for the database's enum.
func (MappingOrigin) Values() []string {
	return []string{string(MappingAuto), string(MappingAdmin), string(MappingDefaulted)}
}

// Edition is the tier a workspace bought (requirement A4).
type Edition string

// Values of Edition.
const (
	EditionCore         Edition = "CORE"
	EditionAdvanced     Edition = "ADVANCED"
	EditionAdvancedPlus Edition = "ADVANCED_PLUS"
)

// Values lists them, for the database's enum.
func (Edition) Values() []string {
	return []string{string(EditionCore), string(EditionAdvanced), string(EditionAdvancedPlus)}
}

// Includes reports whether an edition has what another one has: each has all of the
// ones below it.
func (e Edition) Includes(other Edition) bool {
	ladder := e.Values()
	return slices.Index(ladder, string(e)) >= slices.Index(ladder, string(other))
}

// AuditOutcome is how an audited action ended.
type AuditOutcome string

// Values of AuditOutcome.
const (
	AuditSucceeded AuditOutcome = "SUCCEEDED"
	AuditDenied    AuditOutcome = "DENIED"
	AuditFailed    AuditOutcome = "FAILED"
)

// Values lists them, for the database's enum.
func (AuditOutcome) Values() []string {
	return []string{string(AuditSucceeded), string(AuditDenied), string(AuditFailed)}
}

// SyncPhase says how far an object's reading is: objects of one integration may be in
// different phases (requirement G3).
type SyncPhase string

// Values of SyncPhase.
const (
	SyncOnboarding SyncPhase = "ONBOARDING"
	SyncDaily      SyncPhase = "DAILY"
)

// Values lists them, for the database's enum.
func (SyncPhase) Values() []string { return []string{string(SyncOnboarding), string(SyncDaily)} }

// LogLevel ranks the lines of a run's log.
type LogLevel string

// Values of LogLevel.
const (
	LogDebug LogLevel = "DEBUG"
	LogInfo  LogLevel = "INFO"
	LogWarn  LogLevel = "WARN"
	LogError LogLevel = "ERROR"
)

// Values lists them, the least first.
func (LogLevel) Values() []string {
	return []string{string(LogDebug), string(LogInfo), string(LogWarn), string(LogError)}
}

// RecipientClass tells the customer's people from the vendor's (reading 1b.7).
type RecipientClass string

// Values of RecipientClass.
const (
	RecipientInternal RecipientClass = "INTERNAL"
	RecipientExternal RecipientClass = "EXTERNAL"
)

// Values lists them, for the database's enum.
func (RecipientClass) Values() []string {
	return []string{string(RecipientInternal), string(RecipientExternal)}
}

// Freshness says whether an integration's data is as new as its schedule promises,
// apart from how its last run ended (requirement G11).
type Freshness string

// Values of Freshness.
const (
	FreshnessOnTime  Freshness = "ON_TIME"
	FreshnessLate    Freshness = "LATE"
	FreshnessStale   Freshness = "STALE"
	FreshnessUnknown Freshness = "UNKNOWN"
)

// Values lists them, for the API.
func (Freshness) Values() []string {
	return []string{string(FreshnessOnTime), string(FreshnessLate), string(FreshnessStale), string(FreshnessUnknown)}
}

// CheckTrigger says why a check was made (requirement J1).
type CheckTrigger string

// Values of CheckTrigger.
const (
	TriggerOnboarding CheckTrigger = "ONBOARDING"
	TriggerDaily      CheckTrigger = "DAILY"
	TriggerOnDemand   CheckTrigger = "ON_DEMAND"
	// TriggerOpened is a check that opening an object's fields started.
	TriggerOpened CheckTrigger = "OPENED"
	TriggerWatch  CheckTrigger = "WATCH"
	// TriggerConfirm is the second probe after a suspicion (J5).
	TriggerConfirm CheckTrigger = "CONFIRM"
)

// Values lists them, for the database's enum.
func (CheckTrigger) Values() []string {
	return []string{string(TriggerOnboarding), string(TriggerDaily), string(TriggerOnDemand), string(TriggerOpened), string(TriggerWatch), string(TriggerConfirm)}
}

// MappingAction is what was done in standardization (requirement H4).
type MappingAction string

// Values of MappingAction.
const (
	MappingMapped      MappingAction = "MAPPED"
	MappingRemapped    MappingAction = "REMAPPED"
	MappingUnmapped    MappingAction = "UNMAPPED"
	MappingPublished   MappingAction = "PUBLISHED"
	MappingUnpublished MappingAction = "UNPUBLISHED"
	MappingCompleted   MappingAction = "COMPLETED"
)

// Values lists them, for the database's enum.
func (MappingAction) Values() []string {
	return []string{string(MappingMapped), string(MappingRemapped), string(MappingUnmapped), string(MappingPublished), string(MappingUnpublished), string(MappingCompleted)}
}

// NeedKind says what needs a right (requirement I8).
type NeedKind string

// Values of NeedKind.
const (
	NeedMapping NeedKind = "MAPPING"
	NeedSetting NeedKind = "SETTING"
	NeedFeature NeedKind = "FEATURE"
)

// Values lists them, for the database's enum.
func (NeedKind) Values() []string {
	return []string{string(NeedMapping), string(NeedSetting), string(NeedFeature)}
}

// RecipientKind tells a person's address from a distribution list's (requirement K12).
type RecipientKind string

// Values of RecipientKind.
const (
	RecipientPerson RecipientKind = "PERSON"
	RecipientList   RecipientKind = "LIST"
)

// Values lists them, for the database's enum.
func (RecipientKind) Values() []string {
	return []string{string(RecipientPerson), string(RecipientList)}
}

// ChannelKind is how a channel takes alerts (requirement K13).
type ChannelKind string

// Values of ChannelKind.
const (
	// ChannelWebhook gets signed events by the Standard Webhooks specification.
	ChannelWebhook ChannelKind = "WEBHOOK"
	// ChannelSlack gets messages in the form that Slack and its likes take.
	ChannelSlack ChannelKind = "SLACK"
)

// Values lists them, for the database's enum.
func (ChannelKind) Values() []string {
	return []string{string(ChannelWebhook), string(ChannelSlack)}
}

// Medium is how a delivery goes out.
type Medium string

// Values of Medium.
const (
	MediumEmail   Medium = "EMAIL"
	MediumWebhook Medium = "WEBHOOK"
	MediumSlack   Medium = "SLACK"
)

// Values lists them, for the database's enum.
func (Medium) Values() []string {
	return []string{string(MediumEmail), string(MediumWebhook), string(MediumSlack)}
}

// DeliveryKind is what a delivery tells.
type DeliveryKind string

// Values of DeliveryKind.
const (
	// DeliverAlert tells of one alert that changed its state.
	DeliverAlert DeliveryKind = "ALERT"
	// DeliverOnboarding tells what an onboarding check found missing (requirement K1).
	DeliverOnboarding DeliveryKind = "ONBOARDING"
	DeliverDigest     DeliveryKind = "DIGEST"
	DeliverTest       DeliveryKind = "TEST"
)

// Values lists them, for the database's enum.
func (DeliveryKind) Values() []string {
	return []string{string(DeliverAlert), string(DeliverOnboarding), string(DeliverDigest), string(DeliverTest)}
}

// DeliveryState is how far a delivery is.
type DeliveryState string

// Values of DeliveryState.
const (
	DeliveryPending   DeliveryState = "PENDING"
	DeliveryDelivered DeliveryState = "DELIVERED"
	// DeliveryFailed was given up: no attempt got through.
	DeliveryFailed DeliveryState = "FAILED"
	// DeliveryCancelled was not needed any more: its receiver was removed or disabled.
	DeliveryCancelled DeliveryState = "CANCELLED"
)

// Values lists them, for the database's enum.
func (DeliveryState) Values() []string {
	return []string{string(DeliveryPending), string(DeliveryDelivered), string(DeliveryFailed), string(DeliveryCancelled)}
}

// SimulationState is how far the simulation of another login is (requirement J7).
type SimulationState string

// Values of SimulationState.
const (
	// SimulationWaiting waits for the sign-in.
	SimulationWaiting SimulationState = "WAITING"
	SimulationRunning SimulationState = "RUNNING"
	SimulationDone    SimulationState = "DONE"
	SimulationFailed  SimulationState = "FAILED"
	SimulationExpired SimulationState = "EXPIRED"
)

// Values lists them, for the database's enum.
func (SimulationState) Values() []string {
	return []string{string(SimulationWaiting), string(SimulationRunning), string(SimulationDone), string(SimulationFailed), string(SimulationExpired)}
}
