package notify

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/fieldwarden/fieldwarden/ent"
	entchannel "github.com/fieldwarden/fieldwarden/ent/channel"
	"github.com/fieldwarden/fieldwarden/ent/delivery"
	"github.com/fieldwarden/fieldwarden/ent/workspace"
	"github.com/fieldwarden/fieldwarden/internal/alert"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/gid"
	"github.com/fieldwarden/fieldwarden/internal/mailview"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// Service tells of alerts.
var _ alert.Notifier = (*Service)(nil)

// rowsPerStatement bounds one bulk statement: 500 rows of 20 columns stay below SQLite's
// 32,766 and PostgreSQL's 65,535 parameters.
const rowsPerStatement = 500

// AlertsChanged writes what receivers are told of a batch of changes. Channels get what
// opened, reopened and was resolved at once; mail goes out for rules that are mailed at
// once, and of what an onboarding check found missing in one mail for all of it
// (requirements K1, K11, K15).
func (s *Service) AlertsChanged(ctx context.Context, tx *store.Tx, integration *ent.Integration, changes []alert.Change) error {
	told := slices.DeleteFunc(slices.Clone(changes), func(c alert.Change) bool { return !isNews(c) })
	if len(told) == 0 {
		return nil
	}
	n, err := s.newBulletin(ctx, tx, integration, told)
	if err != nil {
		return err
	}
	if err := n.toChannels(ctx, told); err != nil {
		return err
	}
	if s.MailConfigured() {
		if err := n.toMail(ctx, told); err != nil {
			return err
		}
	}
	return s.write(ctx, tx, integration.WorkspaceID, n.rows)
}

// isNews reports whether a change is told to anybody outside. A field that went with
// its object is part of the object's story. That something is over is told to whoever
// was told that it began.
func isNews(c alert.Change) bool {
	switch c.Event {
	case crm.AlertOpened, crm.AlertReopened:
		return !c.Alert.Folded
	case crm.AlertWasResolved:
		return true
	default:
		return false
	}
}

// bulletin gathers what is told of one batch of changes.
type bulletin struct {
	*Service
	tx          *store.Tx
	integration *ent.Integration
	workspace   *ent.Workspace
	title       string
	// knows says who was told that an alert began: alert, then receiver.
	knows map[string]map[string]bool
	rows  []row
}

// row is a delivery to be.
type row struct {
	receiver
	kind          crm.DeliveryKind
	medium        crm.Medium
	integrationID string
	alertID       string
	digestID      string
	event         *crm.AlertEvent
	dedupKey      string
	payload       []byte
}

func (s *Service) newBulletin(ctx context.Context, tx *store.Tx, integration *ent.Integration, told []alert.Change) (*bulletin, error) {
	found, err := tx.Ent().Workspace.Query().Where(workspace.ID(integration.WorkspaceID)).Only(ctx)
	if err != nil {
		return nil, fmt.Errorf("notify: the workspace: %w", err)
	}
	n := &bulletin{Service: s, tx: tx, integration: integration, workspace: found, title: integration.Connector, knows: map[string]map[string]bool{}}
	if manifest, err := s.c.Connectors.Describe(integration.Connector); err == nil && manifest.Title != "" {
		n.title = manifest.Title // without it the connector's name will do
	}
	var over []string
	var missing []*ent.Alert
	for _, c := range told {
		switch {
		case c.Event != crm.AlertWasResolved:
		case c.Alert.Rule == crm.RuleObjectAccessMissing:
			missing = append(missing, c.Alert)
			fallthrough // channels were told of each
		default:
			over = append(over, c.Alert.ID)
		}
	}
	for part := range slices.Chunk(over, rowsPerStatement) {
		rows, err := tx.Ent().Delivery.Query().
			Where(delivery.AlertIDIn(part...), delivery.EventIn(crm.AlertOpened, crm.AlertReopened)).
			Select(delivery.FieldAlertID, delivery.FieldChannelID, delivery.FieldAddress).All(ctx)
		if err != nil {
			return nil, fmt.Errorf("notify: who was told: %w", err)
		}
		for _, known := range rows {
			n.note(known.AlertID, receiver{ChannelID: known.ChannelID, Address: known.Address})
		}
	}
	return n, n.whoKnowsOfMissing(ctx, missing)
}

// note notes that a receiver was told that an alert began.
func (n *bulletin) note(alertID string, r receiver) {
	if n.knows[alertID] == nil {
		n.knows[alertID] = map[string]bool{}
	}
	n.knows[alertID][r.key()] = true
}

// whoKnowsOfMissing finds who was mailed of objects that an onboarding check found
// missing. That mail is one for several alerts, and as old as they are: it was written
// in their transaction.
func (n *bulletin) whoKnowsOfMissing(ctx context.Context, missing []*ent.Alert) error {
	if len(missing) == 0 {
		return nil
	}
	rows, err := n.tx.Ent().Delivery.Query().
		Where(delivery.IntegrationID(n.integration.ID), delivery.KindEQ(crm.DeliverOnboarding)).
		Select(delivery.FieldAddress, delivery.FieldCreatedAt).All(ctx)
	if err != nil {
		return fmt.Errorf("notify: who was told: %w", err)
	}
	for _, known := range rows {
		for _, one := range missing {
			if known.CreatedAt.Equal(openedAt(one)) {
				n.note(one.ID, receiver{Address: known.Address})
			}
		}
	}
	return nil
}

// wants reports whether a receiver is told of a change: what is severe enough, or
// mandatory where that counts, and the end of what it was told.
func (n *bulletin) wants(c alert.Change, r receiver, least crm.Severity, mandatory bool) bool {
	if c.Event == crm.AlertWasResolved {
		return n.knows[c.Alert.ID][r.key()]
	}
	return rank(c.Alert.Severity) >= rank(least) || (mandatory && c.Alert.Mandatory)
}

// rank orders severities.
func rank(s crm.Severity) int {
	switch s {
	case crm.SeverityCritical:
		return 2
	case crm.SeverityWarning:
		return 1
	default:
		return 0
	}
}

func (n *bulletin) toChannels(ctx context.Context, told []alert.Change) error {
	channels, err := n.tx.Ent().Channel.Query().Where(entchannel.Enabled(true)).Order(entchannel.ByID()).All(ctx)
	if err != nil {
		return fmt.Errorf("notify: channels: %w", err)
	}
	if len(channels) == 0 {
		return nil
	}
	about := EventData{
		Workspace: EventWorkspace{ID: n.workspace.ID, Name: n.workspace.Name},
		Integration: &EventIntegration{
			ID: n.integration.ID, Connector: n.integration.Connector, Title: n.title, Environment: n.integration.Environment,
			Instance: n.integration.InstanceName, URL: n.c.PublicURL + crm.PagePath(n.integration.ID, "", ""),
		},
	}
	for _, c := range told {
		payload, err := frozen(alertEvent(c.Alert, c.Event, about, n.c.PublicURL, n.tx.Now()))
		if err != nil {
			return fmt.Errorf("notify: an event: %w", err)
		}
		for _, channel := range channels {
			r := receiver{ChannelID: channel.ID}
			if n.wants(c, r, channel.MinSeverity, false) {
				n.add(c, r, mediumOf(channel.Kind), payload)
			}
		}
	}
	return nil
}

func mediumOf(kind crm.ChannelKind) crm.Medium {
	if kind == crm.ChannelSlack {
		return crm.MediumSlack
	}
	return crm.MediumWebhook
}

// add tells a receiver of a change, once for each opening.
func (n *bulletin) add(c alert.Change, r receiver, medium crm.Medium, payload []byte) {
	event := c.Event
	n.rows = append(n.rows, row{
		receiver: r, kind: crm.DeliverAlert, medium: medium, integrationID: n.integration.ID, alertID: c.Alert.ID, event: &event, payload: payload,
		dedupKey: "alert|" + c.Alert.ID + "|" + string(event) + "|" + strconv.FormatInt(openedAt(c.Alert).UnixMicro(), 10) + "|" + r.key(),
	})
}

func (n *bulletin) toMail(ctx context.Context, told []alert.Change) error {
	audience, err := n.audience(ctx, n.tx.Ent())
	if err != nil {
		return err
	}
	var missing, found []*ent.Alert
	for _, c := range told {
		switch {
		case crm.MailingOf(c.Alert.Rule) != crm.MailAtOnce:
		case c.Alert.Rule == crm.RuleObjectAccessMissing && c.Event == crm.AlertWasResolved:
			found = append(found, c.Alert)
		case c.Alert.Rule == crm.RuleObjectAccessMissing:
			missing = append(missing, c.Alert)
		default:
			if err := n.mailOne(c, audience); err != nil {
				return err
			}
		}
	}
	if err := n.mailOnboarding(missing, audience); err != nil {
		return err
	}
	return n.mailOnboardingOver(found, audience)
}

// mailOne mails one change to everybody who wants it.
func (n *bulletin) mailOne(c alert.Change, audience []listener) error {
	content := mailview.AlertContent{
		Workspace: n.workspace.Name, Integration: n.about(), Event: c.Event, Problem: n.problem(c.Alert), At: n.tx.Now(), Zone: n.workspace.TimeZone,
	}
	if c.Event == crm.AlertWasResolved && c.Alert.Resolution != nil {
		content.Resolution = *c.Alert.Resolution
	}
	payload, err := frozen(content)
	if err != nil {
		return fmt.Errorf("notify: a mail: %w", err)
	}
	for _, one := range audience {
		if r := (receiver{Address: one.address}); n.wants(c, r, one.least, true) {
			n.add(c, r, crm.MediumEmail, payload)
		}
	}
	return nil
}

// mailOnboarding mails what an onboarding check found missing to the customer's people
// and the owners, and to nobody of the vendor's (requirement K1).
func (n *bulletin) mailOnboarding(missing []*ent.Alert, audience []listener) error {
	for _, one := range audience {
		if one.owner || one.class == crm.RecipientExternal {
			if err := n.addOnboarding(missing, "", one.address); err != nil {
				return err
			}
		}
	}
	return nil
}

// mailOnboardingOver mails those who were told of missing objects that it is over, and
// why (requirement K11).
func (n *bulletin) mailOnboardingOver(found []*ent.Alert, audience []listener) error {
	why := map[crm.AlertResolution][]*ent.Alert{}
	for _, row := range found {
		if row.Resolution != nil {
			why[*row.Resolution] = append(why[*row.Resolution], row)
		}
	}
	for _, resolution := range slices.Sorted(maps.Keys(why)) {
		for _, one := range audience {
			known := slices.DeleteFunc(slices.Clone(why[resolution]), func(row *ent.Alert) bool {
				return !n.knows[row.ID][receiver{Address: one.address}.key()]
			})
			if err := n.addOnboarding(known, resolution, one.address); err != nil {
				return err
			}
		}
	}
	return nil
}

// addOnboarding tells an address of missing objects in one mail, once for each opening;
// with a resolution, of their end.
func (n *bulletin) addOnboarding(alerts []*ent.Alert, resolution crm.AlertResolution, address string) error {
	if len(alerts) == 0 {
		return nil
	}
	content := mailview.OnboardingContent{
		Workspace: n.workspace.Name, Integration: n.about(), At: n.tx.Now(), Zone: n.workspace.TimeZone, Resolution: resolution,
	}
	key := []string{string(resolution)}
	for _, row := range alerts {
		content.Problems = append(content.Problems, n.problem(row))
		key = append(key, row.ID+strconv.FormatInt(openedAt(row).UnixMicro(), 36))
	}
	payload, err := frozen(content)
	if err != nil {
		return fmt.Errorf("notify: a mail: %w", err)
	}
	n.rows = append(n.rows, row{
		receiver: receiver{Address: address}, kind: crm.DeliverOnboarding, medium: crm.MediumEmail,
		integrationID: n.integration.ID, payload: payload, dedupKey: "onboarding" + hashed(strings.Join(key, "|")) + "|" + address,
	})
	return nil
}

// about names the integration for people.
func (n *bulletin) about() mailview.Integration {
	return mailview.Integration{
		CRM: n.title, Environment: n.integration.Environment, Instance: n.integration.InstanceName,
		URL: n.c.PublicURL + crm.PagePath(n.integration.ID, "", ""),
	}
}

// problem is what a mail says of an alert.
func (n *bulletin) problem(a *ent.Alert) mailview.Problem {
	p := mailview.Problem{
		Rule: a.Rule, Severity: a.Severity, State: a.State, Object: a.ObjectName, Field: a.FieldName, StandardField: a.StandardField,
		Title: a.Title, Message: a.Message, Evidence: a.Evidence, Fix: a.Fix, Affected: a.Affected, OpenedAt: openedAt(a),
		PageURL: n.c.PublicURL + crm.PagePath(a.IntegrationID, a.ObjectName, a.FieldName),
	}
	if a.Cause != nil {
		p.Cause = *a.Cause
	}
	if a.Since != nil {
		p.Since = *a.Since
	}
	return p
}

// write inserts deliveries and wakes whoever sends them. What was told before is left
// out.
func (s *Service) write(ctx context.Context, tx *store.Tx, workspaceID string, rows []row) error {
	if len(rows) == 0 {
		return nil
	}
	receivers := make([]receiver, len(rows))
	for i, one := range rows {
		receivers[i] = one.receiver
	}
	for part := range slices.Chunk(rows, rowsPerStatement) {
		creates := make([]*ent.DeliveryCreate, len(part))
		for i, one := range part {
			create := tx.Ent().Delivery.Create().SetID(gid.New(gid.Delivery)).SetWorkspaceID(workspaceID).SetCreatedAt(tx.Now()).
				SetKind(one.kind).SetMedium(one.medium).SetIntegrationID(one.integrationID).SetAlertID(one.alertID).SetDigestID(one.digestID).
				SetNillableEvent(one.event).SetDedupKey(one.dedupKey).SetPayload(one.payload).SetNextAttemptAt(tx.Now())
			if one.ChannelID != "" {
				create.SetChannelID(one.ChannelID)
			} else {
				create.SetAddress(one.Address)
			}
			creates[i] = create
		}
		err := tx.Ent().Delivery.CreateBulk(creates...).OnConflictColumns(delivery.FieldWorkspaceID, delivery.FieldDedupKey).Ignore().Exec(ctx)
		if err != nil {
			return fmt.Errorf("notify: writing deliveries: %w", err)
		}
	}
	return s.wake(ctx, tx, workspaceID, receivers...)
}
