package notify

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/member"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/mailview"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// listener is somebody who is mailed.
type listener struct {
	address string
	class   crm.RecipientClass
	// owner is told everything, listed or not.
	owner bool
	least crm.Severity
}

// audience lists everybody of the principal's workspace who is mailed, by address:
// recipients and owners, each once.
func (s *Service) audience(ctx context.Context, client *ent.Client) ([]listener, error) {
	rows, err := client.Recipient.Query().All(ctx)
	if err != nil {
		return nil, fmt.Errorf("notify: recipients: %w", err)
	}
	owners, err := client.Member.Query().Where(member.RoleEQ(principal.RoleOwner), member.RemovedAtIsNil()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("notify: owners: %w", err)
	}
	everybody := map[string]listener{}
	for _, row := range rows {
		everybody[row.Address] = listener{address: row.Address, class: row.Class, least: row.MinSeverity}
	}
	for _, row := range owners {
		one := everybody[row.Email]
		one.address, one.owner, one.least = row.Email, true, crm.SeverityInfo
		everybody[row.Email] = one
	}
	list := make([]listener, 0, len(everybody))
	for _, one := range everybody {
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b listener) int { return cmp.Compare(a.address, b.address) })
	return list, nil
}

// Addresses lists the recipients of some classes (of all when none is named) and the
// owners, by address, lower case, each once.
func (s *Service) Addresses(ctx context.Context, client *ent.Client, classes ...crm.RecipientClass) ([]string, error) {
	everybody, err := s.audience(ctx, client)
	if err != nil {
		return nil, err
	}
	var addresses []string
	for _, one := range everybody {
		if one.owner || len(classes) == 0 || slices.Contains(classes, one.class) {
			addresses = append(addresses, one.address)
		}
	}
	return addresses, nil
}

// MailBatch is one mail to several addresses.
type MailBatch struct {
	WorkspaceID string
	Kind        crm.DeliveryKind
	// DigestID is set for digests, IntegrationID where the mail is about one.
	DigestID      string
	IntegrationID string
	Addresses     []string
	// Payload is the content, a value of mailview of the kind's type. It is stored as
	// JSON now and worded when it is sent. A digest's content is its row's; it has none.
	Payload any
	// DedupKey is unique in the workspace: the same key never goes out twice.
	DedupKey func(address string) string
}

// EnqueueMails writes one delivery for each address, inside tx, and has them sent. It
// fails with MAIL_UNCONFIGURED without a mail server.
func (s *Service) EnqueueMails(ctx context.Context, tx *store.Tx, batch MailBatch) error {
	if !s.MailConfigured() {
		return errNoMail()
	}
	if batch.DedupKey == nil {
		return errors.New("notify: a batch of mails without dedup keys")
	}
	payload, err := frozen(batch.Payload)
	if err != nil {
		return fmt.Errorf("notify: a mail: %w", err)
	}
	rows := make([]row, len(batch.Addresses))
	for i, address := range batch.Addresses {
		rows[i] = row{
			receiver: receiver{Address: address}, kind: batch.Kind, medium: crm.MediumEmail, digestID: batch.DigestID, integrationID: batch.IntegrationID,
			payload: payload, dedupKey: batch.DedupKey(address),
		}
	}
	return s.write(ctx, tx, batch.WorkspaceID, rows)
}

func errNoMail() error {
	return fault.New(fault.MailUnconfigured, "This server has no mail server to send with.")
}

// mailOwners tells the owners that a channel was disabled by itself.
func (s *Service) mailOwners(ctx context.Context, tx *store.Tx, channel *ent.Channel, reason string) error {
	if !s.MailConfigured() {
		return nil
	}
	everybody, err := s.audience(ctx, tx.Ent())
	if err != nil {
		return err
	}
	var owners []string
	for _, one := range everybody {
		if one.owner {
			owners = append(owners, one.address)
		}
	}
	found, err := tx.Ent().Workspace.Get(ctx, channel.WorkspaceID)
	if err != nil {
		return fmt.Errorf("notify: the workspace: %w", err)
	}
	return s.EnqueueMails(ctx, tx, MailBatch{
		WorkspaceID: channel.WorkspaceID, Kind: crm.DeliverAlert, Addresses: owners,
		Payload: mailview.AlertContent{
			Workspace: found.Name, Event: crm.AlertOpened, At: tx.Now(), Zone: found.TimeZone,
			Problem: mailview.Problem{
				Severity: crm.SeverityWarning, State: crm.AlertOpen, OpenedAt: tx.Now(),
				Title:   fmt.Sprintf("The channel %q was disabled", channel.Name),
				Message: reason + " No alert goes there until somebody enables the channel again.",
				Fix: crm.Fix{
					Steps: []string{"Repair the receiver, or give the channel another address.", "Enable the channel: what waits is sent then.", "Send a test."},
					Who:   "an admin of the workspace",
				},
			},
		},
		DedupKey: func(address string) string {
			return "channel-disabled|" + channel.ID + "|" + tx.Now().Format("20060102T150405.000000") + "|" + address
		},
	})
}

// hashed shortens what a dedup key is made of.
func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
