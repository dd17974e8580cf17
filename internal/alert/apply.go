package alert

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"entgo.io/ent/dialect/sql"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/alert"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/gid"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// rowsPerStatement bounds one bulk statement: 500 rows of 22 columns stay below
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
	// saved are whole rows to write, new and known ones alike.
	saved []*ent.Alert
	// seen are ids of alerts whose problem was seen again and looks the same.
	seen     []string
	resolved map[crm.AlertResolution][]string
}

func (s *Service) apply(ctx context.Context, tx *store.Tx, integration *ent.Integration, open []*ent.Alert, intents []crm.AlertIntent) error {
	byKey := make(map[crm.AlertKey]*ent.Alert, len(open))
	for _, row := range open {
		byKey[keyOf(row)] = row
	}
	former, err := formerAlerts(ctx, tx, integration, byKey, intents)
	if err != nil {
		return err
	}
	c := &changes{tx: tx, integration: integration, resolved: map[crm.AlertResolution][]string{}}
	for _, intent := range intents {
		row, isOpen := byKey[intent.Key]
		switch {
		case intent.Action == crm.ActionResolve && isOpen:
			c.resolve(row, intent.Resolution)
			delete(byKey, intent.Key)
		case intent.Action == crm.ActionResolve:
		case isOpen:
			c.update(row, intent)
		default:
			byKey[intent.Key] = c.open(former[intent.Key], intent)
		}
	}
	return c.write(ctx)
}

// formerAlerts loads the alerts that may be opened again, the newest of each key.
func formerAlerts(
	ctx context.Context, tx *store.Tx, integration *ent.Integration, open map[crm.AlertKey]*ent.Alert, intents []crm.AlertIntent,
) (map[crm.AlertKey]*ent.Alert, error) {
	var objects []string
	for _, intent := range intents {
		if _, isOpen := open[intent.Key]; !isOpen && intent.Action != crm.ActionResolve {
			objects = append(objects, intent.Key.Object)
		}
	}
	if len(objects) == 0 {
		return nil, nil
	}
	slices.Sort(objects)
	rows, err := tx.Ent().Alert.Query().
		Where(alert.IntegrationID(integration.ID), alert.ObjectNameIn(slices.Compact(objects)...),
			alert.OpenKeyIsNil(), alert.ResolvedAtGT(tx.Now().Add(-reopenWithin))).
		Order(alert.ByResolvedAt()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("alert: former alerts: %w", err)
	}
	former := make(map[crm.AlertKey]*ent.Alert, len(rows))
	for _, row := range rows {
		former[keyOf(row)] = row
	}
	return former, nil
}

// open opens an alert; a former one of the same key is opened again.
func (c *changes) open(former *ent.Alert, intent crm.AlertIntent) *ent.Alert {
	event := crm.AlertReopened
	row := former
	if row == nil {
		event = crm.AlertOpened
		row = &ent.Alert{
			ID: gid.New(gid.Alert), WorkspaceID: c.integration.WorkspaceID, IntegrationID: c.integration.ID, CreatedAt: c.tx.Now(),
			Rule: intent.Key.Rule, ObjectName: intent.Key.Object, FieldName: intent.Key.Field,
		}
	}
	key := openKey(c.integration, intent.Key)
	row.State, row.OpenKey = crm.AlertOpen, &key
	row.ResolvedAt, row.Resolution = nil, nil
	setWords(row, intent)
	c.again(row)
	c.save(row, event)
	return row
}

// update counts a repetition; what the alert says now is stored, and told, only if
// it changed.
func (c *changes) update(row *ent.Alert, intent crm.AlertIntent) {
	before := wordsOf(row)
	setWords(row, intent)
	if reflect.DeepEqual(before, wordsOf(row)) {
		c.seen = append(c.seen, row.ID)
		return
	}
	c.again(row)
	c.save(row, crm.AlertUpdated)
}

func (c *changes) again(row *ent.Alert) {
	row.Occurrences++
	row.LastSeenAt = c.tx.Now()
}

func (c *changes) save(row *ent.Alert, event crm.AlertEvent) {
	if !slices.Contains(c.saved, row) {
		c.saved = append(c.saved, row)
	}
	c.tell(row, event)
}

func (c *changes) resolve(row *ent.Alert, resolution crm.AlertResolution) {
	c.resolved[resolution] = append(c.resolved[resolution], row.ID)
	c.tell(row, crm.AlertWasResolved)
}

func (c *changes) tell(row *ent.Alert, event crm.AlertEvent) {
	c.tx.Feed(store.FeedItem{
		WorkspaceID: c.integration.WorkspaceID, Kind: "alert", IntegrationID: c.integration.ID, SubjectID: row.ID,
		Payload: Payload{Event: event, AlertID: row.ID},
	})
}

// setWords gives the row what the intent says of the problem.
func setWords(row *ent.Alert, intent crm.AlertIntent) {
	row.Severity, row.Mandatory, row.StandardField = intent.Severity, intent.Mandatory, intent.StandardField
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
}

func wordsOf(row *ent.Alert) words {
	return words{
		severity: row.Severity, mandatory: row.Mandatory, standardField: row.StandardField,
		title: row.Title, message: row.Message, evidence: row.Evidence, cause: row.Cause,
		fix: row.Fix, affected: row.Affected,
	}
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
				SetOccurrences(row.Occurrences).SetLastSeenAt(row.LastSeenAt)
		}
		err := c.tx.Ent().Alert.CreateBulk(creates...).OnConflict(
			sql.ConflictColumns(alert.FieldID),
			sql.ResolveWith(func(u *sql.UpdateSet) {
				for _, column := range []string{
					alert.FieldSeverity, alert.FieldMandatory, alert.FieldState, alert.FieldStandardField, alert.FieldCause,
					alert.FieldEvidence, alert.FieldTitle, alert.FieldMessage, alert.FieldFix, alert.FieldAffected,
					alert.FieldOpenKey, alert.FieldOccurrences, alert.FieldLastSeenAt, alert.FieldResolvedAt, alert.FieldResolution,
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
