package alert

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/alert"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/gid"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// rowsPerStatement bounds one bulk statement: 500 rows of 33 columns stay below
// SQLite's 32,766 and PostgreSQL's 65,535 parameters.
const rowsPerStatement = 500

// Lengths of the columns that hold words.
const (
	titleLength    = 300
	messageLength  = 2000
	evidenceLength = 1000
)

// changes gathers what a transaction does to alerts, so that hundreds of them take
// a handful of statements.
type changes struct {
	tx          *store.Tx
	integration *ent.Integration
	window      time.Duration
	// saved are whole rows to write, new and known ones alike.
	saved []*ent.Alert
	// seen are ids of alerts whose problem was seen again and looks the same.
	seen     []string
	resolved map[crm.AlertResolution][]string
	// told are the changes that people are told of.
	told []Change
	// lookAgain is when the first of the damped problems is to be looked at again; zero
	// when there is none.
	lookAgain time.Time
}

func (s *Service) apply(ctx context.Context, tx *store.Tx, integration *ent.Integration, open []*ent.Alert, intents []crm.AlertIntent) error {
	byKey := make(map[crm.AlertKey]*ent.Alert, len(open))
	for _, row := range open {
		byKey[keyOf(row)] = row
	}
	intents, err := withoutMuted(ctx, tx, byKey, intents)
	if err != nil {
		return err
	}
	former, err := formerAlerts(ctx, tx, integration, byKey, intents)
	if err != nil {
		return err
	}
	c := &changes{tx: tx, integration: integration, window: s.window, resolved: map[crm.AlertResolution][]string{}}
	for _, intent := range intents {
		row, isOpen := byKey[intent.Key]
		switch {
		case intent.Action == crm.ActionResolve && isOpen:
			c.resolve(row, intent.Resolution)
			delete(byKey, intent.Key)
			former[intent.Key] = row
		case intent.Action == crm.ActionResolve:
		case isOpen:
			c.update(row, intent)
		default:
			if row := c.open(former[intent.Key], intent); row != nil {
				byKey[intent.Key] = row
			}
		}
	}
	if err := c.write(ctx); err != nil {
		return err
	}
	return s.finish(ctx, c)
}

// finish tells whoever is to be told of what was written.
func (s *Service) finish(ctx context.Context, c *changes) error {
	if s.notifier != nil && len(c.told) > 0 {
		if err := s.notifier.AlertsChanged(ctx, c.tx, c.integration, c.told); err != nil {
			return fmt.Errorf("alert: telling: %w", err)
		}
	}
	if s.onDamped != nil && !c.lookAgain.IsZero() {
		return s.onDamped(ctx, c.tx, c.integration, c.lookAgain)
	}
	return nil
}

// withoutMuted leaves out what would open alerts of a muted rule.
func withoutMuted(
	ctx context.Context, tx *store.Tx, open map[crm.AlertKey]*ent.Alert, intents []crm.AlertIntent,
) ([]crm.AlertIntent, error) {
	opens := func(intent crm.AlertIntent) bool {
		_, isOpen := open[intent.Key]
		return !isOpen && intent.Action != crm.ActionResolve && !crm.Mandatory(intent.Key.Rule)
	}
	if !slices.ContainsFunc(intents, opens) {
		return intents, nil
	}
	muted, err := tx.Ent().MutedRule.Query().All(ctx)
	if err != nil {
		return nil, fmt.Errorf("alert: muted rules: %w", err)
	}
	return slices.DeleteFunc(slices.Clone(intents), func(intent crm.AlertIntent) bool {
		return opens(intent) && slices.ContainsFunc(muted, func(row *ent.MutedRule) bool { return row.Rule == intent.Key.Rule })
	}), nil
}

// formerAlerts loads the alerts that may be opened again, the newest of each key.
func formerAlerts(
	ctx context.Context, tx *store.Tx, integration *ent.Integration, open map[crm.AlertKey]*ent.Alert, intents []crm.AlertIntent,
) (map[crm.AlertKey]*ent.Alert, error) {
	former := map[crm.AlertKey]*ent.Alert{}
	var objects []string
	for _, intent := range intents {
		if _, isOpen := open[intent.Key]; !isOpen && intent.Action != crm.ActionResolve {
			objects = append(objects, intent.Key.Object)
		}
	}
	if len(objects) == 0 {
		return former, nil
	}
	slices.Sort(objects)
	rows, err := tx.Ent().Alert.Query().
		Where(alert.IntegrationID(integration.ID), alert.ObjectNameIn(slices.Compact(objects)...),
			alert.OpenKeyIsNil(), alert.ResolvedAtGT(tx.Now().Add(-crm.ReopenWithin))).
		Order(alert.ByResolvedAt()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("alert: former alerts: %w", err)
	}
	for _, row := range rows {
		former[keyOf(row)] = row
	}
	return former, nil
}

// lifeOf is what the rules see of an alert; row may be nil.
func lifeOf(row *ent.Alert) crm.AlertLife {
	if row == nil {
		return crm.AlertLife{}
	}
	life := crm.AlertLife{
		State: row.State, Severity: row.Severity, OpenedAt: openedAt(row), LastSeenAt: row.LastSeenAt,
		Dismissed: row.ResolvedBy != "", Recovered: row.Resolution != nil && *row.Resolution == crm.ResolvedRestored,
	}
	if row.Since != nil {
		life.Since = *row.Since
	}
	if row.ResolvedAt != nil {
		life.ResolvedAt = *row.ResolvedAt
	}
	return life
}

// openedAt is when an alert was opened last. Alerts of earlier versions do not tell.
func openedAt(row *ent.Alert) time.Time {
	if row.OpenedAt != nil {
		return *row.OpenedAt
	}
	return row.CreatedAt
}

func (c *changes) see(row *ent.Alert, intent crm.AlertIntent) crm.AlertStep {
	return lifeOf(row).See(crm.Sighting{
		Rule: intent.Key.Rule, Severity: intent.Severity, Since: intent.Since, At: c.tx.Now(), Window: c.window,
	})
}

// open opens an alert, or a former one of the same key again. It returns nil when the
// former one stays resolved: because it is damped, or was dismissed.
func (c *changes) open(former *ent.Alert, intent crm.AlertIntent) *ent.Alert {
	step, row := c.see(former, intent), former
	if step.New {
		row = &ent.Alert{
			ID: gid.New(gid.Alert), WorkspaceID: c.integration.WorkspaceID, IntegrationID: c.integration.ID, CreatedAt: c.tx.Now(),
			Rule: intent.Key.Rule, ObjectName: intent.Key.Object, FieldName: intent.Key.Field,
		}
	}
	setWords(row, intent)
	c.again(row)
	if step.Flapped {
		row.Flaps++
	}
	if step.State == crm.AlertResolved {
		if !step.LookAgain.IsZero() && (c.lookAgain.IsZero() || step.LookAgain.Before(c.lookAgain)) {
			c.lookAgain = step.LookAgain
		}
		c.keep(row)
		return nil
	}
	key, now := openKey(c.integration, intent.Key), c.tx.Now()
	row.State, row.OpenKey, row.OpenedAt = step.State, &key, &now
	row.ResolvedAt, row.Resolution, row.ResolvedBy, row.Note = nil, nil, "", ""
	forgetAttention(row)
	c.save(row, step.Event)
	return row
}

// forgetAttention makes an alert one that nobody has looked at.
func forgetAttention(row *ent.Alert) {
	row.AcknowledgedAt, row.AcknowledgedBy = nil, ""
	row.SnoozedUntil, row.SnoozedBy = nil, ""
}

// update counts a repetition; what the alert says now is stored, and told, only if
// it changed.
func (c *changes) update(row *ent.Alert, intent crm.AlertIntent) {
	step := c.see(row, intent)
	before := wordsOf(row)
	setWords(row, intent)
	if step.Event == "" && reflect.DeepEqual(before, wordsOf(row)) {
		c.seen = append(c.seen, row.ID)
		return
	}
	c.again(row)
	event := crm.AlertUpdated
	if step.Event != "" {
		event, row.State = step.Event, step.State
		forgetAttention(row)
	}
	c.save(row, event)
}

func (c *changes) again(row *ent.Alert) {
	row.Occurrences++
	row.LastSeenAt = c.tx.Now()
}

func (c *changes) keep(row *ent.Alert) {
	if !slices.Contains(c.saved, row) {
		c.saved = append(c.saved, row)
	}
}

func (c *changes) save(row *ent.Alert, event crm.AlertEvent) {
	c.keep(row)
	c.tell(row, event)
}

func (c *changes) resolve(row *ent.Alert, resolution crm.AlertResolution) {
	now := c.tx.Now()
	row.State, row.Resolution, row.ResolvedAt, row.OpenKey = crm.AlertResolved, &resolution, &now, nil
	c.resolved[resolution] = append(c.resolved[resolution], row.ID)
	c.tell(row, crm.AlertWasResolved)
}

// tell lets subscribers know, and people, except of mere updates.
func (c *changes) tell(row *ent.Alert, event crm.AlertEvent) {
	c.tx.Feed(store.FeedItem{
		WorkspaceID: c.integration.WorkspaceID, Kind: "alert", IntegrationID: c.integration.ID, SubjectID: row.ID,
		Payload: Payload{Event: event, AlertID: row.ID},
	})
	if event != crm.AlertUpdated {
		c.told = append(c.told, Change{Alert: row, Event: event})
	}
}

// setWords gives the row what the intent says of the problem.
func setWords(row *ent.Alert, intent crm.AlertIntent) {
	row.Severity, row.Mandatory, row.StandardField = intent.Severity, crm.Mandatory(intent.Key.Rule), intent.StandardField
	row.Title, row.Message = crm.Shorten(intent.Title, titleLength), crm.Shorten(intent.Message, messageLength)
	row.Evidence = crm.Shorten(intent.Evidence, evidenceLength)
	row.Cause = nil
	if intent.Cause != "" {
		row.Cause = &intent.Cause
	}
	// An empty list and none are stored alike, so they must compare alike.
	row.Fix = intent.Fix
	if len(row.Fix.Steps) == 0 {
		row.Fix.Steps = nil
	}
	row.Folded, row.Since = intent.Folded, nil
	if !intent.Since.IsZero() {
		since := intent.Since.UTC()
		row.Since = &since
	}
	row.Affected = intent.Affected
	if len(row.Affected) == 0 {
		row.Affected = nil
	}
}

// words are what an alert says of its problem.
type words struct {
	severity                                crm.Severity
	mandatory                               bool
	standardField, title, message, evidence string
	cause                                   *crm.Cause
	fix                                     crm.Fix
	affected                                []crm.Affected
	folded                                  bool
	since                                   time.Time
}

func wordsOf(row *ent.Alert) words {
	said := words{
		severity: row.Severity, mandatory: row.Mandatory, standardField: row.StandardField,
		title: row.Title, message: row.Message, evidence: row.Evidence, cause: row.Cause,
		fix: row.Fix, affected: row.Affected, folded: row.Folded,
	}
	if row.Since != nil {
		said.since = row.Since.UTC()
	}
	return said
}

// write stores everything that was gathered.
func (c *changes) write(ctx context.Context) error {
	if err := c.writeSaved(ctx); err != nil {
		return fmt.Errorf("alert: saving: %w", err)
	}
	if len(c.seen) > 0 {
		err := c.tx.Ent().Alert.Update().Where(alert.IDIn(c.seen...)).
			AddOccurrences(1).SetLastSeenAt(c.tx.Now()).Exec(ctx)
		if err != nil {
			return fmt.Errorf("alert: counting repetitions: %w", err)
		}
	}
	for resolution, ids := range c.resolved {
		err := c.tx.Ent().Alert.Update().Where(alert.IDIn(ids...)).
			SetState(crm.AlertResolved).SetResolution(resolution).SetResolvedAt(c.tx.Now()).ClearOpenKey().Exec(ctx)
		if err != nil {
			return fmt.Errorf("alert: resolving: %w", err)
		}
	}
	return nil
}

func (c *changes) writeSaved(ctx context.Context) error {
	for part := range slices.Chunk(c.saved, rowsPerStatement) {
		creates := make([]*ent.AlertCreate, len(part))
		for i, row := range part {
			creates[i] = c.tx.Ent().Alert.Create().
				SetID(row.ID).SetWorkspaceID(row.WorkspaceID).SetIntegrationID(row.IntegrationID).SetCreatedAt(row.CreatedAt).
				SetRule(row.Rule).SetObjectName(row.ObjectName).SetFieldName(row.FieldName).
				SetSeverity(row.Severity).SetMandatory(row.Mandatory).SetState(row.State).SetStandardField(row.StandardField).
				SetNillableCause(row.Cause).SetEvidence(row.Evidence).SetTitle(row.Title).SetMessage(row.Message).
				SetFix(row.Fix).SetAffected(row.Affected).SetNillableOpenKey(row.OpenKey).
				SetOccurrences(row.Occurrences).SetLastSeenAt(row.LastSeenAt).SetFolded(row.Folded).SetFlaps(row.Flaps).
				SetNillableSince(row.Since).SetNillableOpenedAt(row.OpenedAt).
				SetNillableResolvedAt(row.ResolvedAt).SetNillableResolution(row.Resolution).SetResolvedBy(row.ResolvedBy).
				SetNillableAcknowledgedAt(row.AcknowledgedAt).SetAcknowledgedBy(row.AcknowledgedBy).
				SetNillableSnoozedUntil(row.SnoozedUntil).SetSnoozedBy(row.SnoozedBy).SetNote(row.Note)
		}
		err := c.tx.Ent().Alert.CreateBulk(creates...).OnConflict(
			sql.ConflictColumns(alert.FieldID),
			sql.ResolveWith(func(u *sql.UpdateSet) {
				for _, column := range []string{
					alert.FieldSeverity, alert.FieldMandatory, alert.FieldState, alert.FieldStandardField, alert.FieldCause,
					alert.FieldEvidence, alert.FieldTitle, alert.FieldMessage, alert.FieldFix, alert.FieldAffected,
					alert.FieldOpenKey, alert.FieldOccurrences, alert.FieldLastSeenAt, alert.FieldResolvedAt, alert.FieldResolution,
					alert.FieldFolded, alert.FieldFlaps, alert.FieldSince, alert.FieldOpenedAt, alert.FieldResolvedBy,
					alert.FieldAcknowledgedAt, alert.FieldAcknowledgedBy, alert.FieldSnoozedUntil, alert.FieldSnoozedBy, alert.FieldNote,
				} {
					// Also columns that are not set here: they become empty again.
					u.SetExcluded(column)
				}
			})).Exec(ctx)
		if err != nil {
			return err
		}
	}
	return nil
}
