package notify

import (
	"context"
	"fmt"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/http/httpguts"

	"github.com/fieldwarden/fieldwarden/ent"
	entchannel "github.com/fieldwarden/fieldwarden/ent/channel"
	"github.com/fieldwarden/fieldwarden/ent/delivery"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/gid"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// Bounds of channels.
const (
	// maxChannels bounds the channels of a workspace: each change is a row for each.
	maxChannels    = 20
	maxName        = 120
	maxURL         = 2000
	maxHeaders     = 20
	maxHeaderValue = 4096
)

// CreateInput adds a channel.
type CreateInput struct {
	Kind           crm.ChannelKind
	Name           string
	URL            string
	Headers        []Header
	MinSeverity    crm.Severity
	IdempotencyKey string
}

// Made is a channel with its signing secret, which is shown once: it is empty for Slack
// and when the request is repeated.
type Made struct {
	ID            string
	SigningSecret crm.Secret
}

// Create adds a channel. Errors: FORBIDDEN; BAD_INPUT for a name, URL or header that
// cannot be used, and for one channel too many; CONFLICT for a name that is taken;
// HOST_BLOCKED for an address that the guard does not let through.
func (s *Service) Create(ctx context.Context, in CreateInput) (Made, error) {
	if err := mayConfigure(ctx); err != nil {
		return Made{}, err
	}
	secrets := sealed{URL: in.URL, Headers: in.Headers}
	host, err := s.checked(&in.Name, &secrets, in.Kind)
	if err != nil {
		return Made{}, err
	}
	if !slices.Contains(in.Kind.Values(), string(in.Kind)) || !slices.Contains(in.MinSeverity.Values(), string(in.MinSeverity)) {
		return Made{}, fault.New(fault.BadInput, "The kind or the severity is unknown.", fault.Field("kind"))
	}
	var shown string // never part of the saved answer
	if in.Kind == crm.ChannelWebhook {
		shown = newSigningSecret()
		secrets.Keys = []signingKey{{Secret: shown}}
	}
	made := false
	id, err := store.Idempotent(ctx, s.c.Store, in.IdempotencyKey, "channel.create", in,
		func(ctx context.Context, tx *store.Tx) (string, error) {
			made = true
			return s.create(ctx, tx, in, secrets, host)
		})
	if err != nil || !made {
		return Made{ID: id}, err
	}
	return Made{ID: id, SigningSecret: crm.Secret(shown)}, nil
}

func (s *Service) create(ctx context.Context, tx *store.Tx, in CreateInput, secrets sealed, host string) (string, error) {
	p, _ := principal.From(ctx)
	if _, err := snapshot.LockWorkspace(ctx, tx, p.WorkspaceID); err != nil {
		return "", err
	}
	present, err := tx.Ent().Channel.Query().Count(ctx)
	if err != nil {
		return "", fmt.Errorf("notify: channels: %w", err)
	}
	if present >= maxChannels {
		return "", fault.New(fault.BadInput, fmt.Sprintf("A workspace has at most %d channels.", maxChannels))
	}
	if err := freeName(ctx, tx, in.Name, ""); err != nil {
		return "", err
	}
	id := gid.New(gid.Channel)
	box, err := s.seal(p.WorkspaceID, id, secrets)
	if err != nil {
		return "", err
	}
	row, err := tx.Ent().Channel.Create().SetID(id).SetWorkspaceID(p.WorkspaceID).SetCreatedAt(tx.Now()).SetUpdatedAt(tx.Now()).SetCreatedBy(p.ID).
		SetKind(in.Kind).SetName(in.Name).SetHost(host).SetHeaderNames(namesOf(secrets.Headers)).SetSealed(box).SetMinSeverity(in.MinSeverity).Save(ctx)
	if err != nil {
		return "", fmt.Errorf("notify: saving a channel: %w", err)
	}
	tellFeed(tx, row, "CREATED", "")
	return id, tx.Audit(ctx, store.AuditItem{Action: "createChannel", Target: id, Outcome: crm.AuditSucceeded, After: shownOf(row)})
}

// UpdateInput changes a channel; what is nil stays.
type UpdateInput struct {
	ChannelID   string
	Name        *string
	URL         *string
	Headers     []Header
	MinSeverity *crm.Severity
	Enabled     *bool
	// SetHeaders says that Headers replaces all there were.
	SetHeaders     bool
	IdempotencyKey string
}

// Update changes a channel. Errors: NOT_FOUND, and those of Create.
func (s *Service) Update(ctx context.Context, in UpdateInput) error {
	if err := mayConfigure(ctx); err != nil {
		return err
	}
	if in.MinSeverity != nil && !slices.Contains(in.MinSeverity.Values(), string(*in.MinSeverity)) {
		return fault.New(fault.BadInput, "The severity is unknown.", fault.Field("minSeverity"))
	}
	_, err := store.Idempotent(ctx, s.c.Store, in.IdempotencyKey, "channel.update", in,
		func(ctx context.Context, tx *store.Tx) (struct{}, error) { return struct{}{}, s.update(ctx, tx, in) })
	return err
}

func (s *Service) update(ctx context.Context, tx *store.Tx, in UpdateInput) error {
	row, err := lockChannel(ctx, tx, in.ChannelID)
	if err != nil {
		return err
	}
	before := shownOf(row)
	secrets, err := s.open(row)
	if err != nil {
		return err
	}
	name := row.Name
	if in.Name != nil {
		name = *in.Name
	}
	if in.URL != nil {
		secrets.URL = *in.URL
	}
	if in.SetHeaders {
		secrets.Headers = in.Headers
	}
	host, err := s.checked(&name, &secrets, row.Kind)
	if err != nil {
		return err
	}
	if err := freeName(ctx, tx, name, row.ID); err != nil {
		return err
	}
	box, err := s.seal(row.WorkspaceID, row.ID, secrets)
	if err != nil {
		return err
	}
	change := tx.Ent().Channel.UpdateOne(row).SetName(name).SetHost(host).SetHeaderNames(namesOf(secrets.Headers)).SetSealed(box).SetUpdatedAt(tx.Now()).
		SetNillableMinSeverity(in.MinSeverity)
	// Whoever changes a channel has repaired it: the pause after failures is over.
	change.SetFailures(0).ClearRetryAt()
	if in.Enabled != nil {
		change.SetEnabled(*in.Enabled).SetDisabledReason("").ClearDisabledAt()
		if !*in.Enabled {
			change.SetDisabledAt(tx.Now())
		}
	}
	if row, err = change.Save(ctx); err != nil {
		return fmt.Errorf("notify: saving a channel: %w", err)
	}
	tellFeed(tx, row, "UPDATED", "")
	if err := s.sendWaiting(ctx, tx, row); err != nil {
		return err
	}
	return tx.Audit(ctx, store.AuditItem{Action: "updateChannel", Target: row.ID, Outcome: crm.AuditSucceeded, Before: before, After: shownOf(row)})
}

// sendWaiting has what waits for a channel sent now. What is being sent at this moment
// keeps its lease.
func (s *Service) sendWaiting(ctx context.Context, tx *store.Tx, row *ent.Channel) error {
	if !row.Enabled {
		return nil
	}
	r := receiver{ChannelID: row.ID}
	err := tx.Ent().Delivery.Update().
		Where(append(waiting(r), delivery.Or(delivery.AttemptedAtIsNil(), delivery.AttemptedAtLT(tx.Now().Add(-s.lease()))))...).
		SetNextAttemptAt(tx.Now()).Exec(ctx)
	if err != nil {
		return fmt.Errorf("notify: what waits: %w", err)
	}
	return s.wake(ctx, tx, row.WorkspaceID, r)
}

// lease is for how long a claim holds.
func (s *Service) lease() time.Duration { return s.c.AttemptTimeout + leaseMargin }

// Remove takes a channel away; what was not sent is cancelled.
func (s *Service) Remove(ctx context.Context, channelID, idempotencyKey string) error {
	if err := mayConfigure(ctx); err != nil {
		return err
	}
	_, err := store.Idempotent(ctx, s.c.Store, idempotencyKey, "channel.remove", channelID,
		func(ctx context.Context, tx *store.Tx) (struct{}, error) {
			row, err := lockChannel(ctx, tx, channelID)
			if err != nil {
				return struct{}{}, err
			}
			if err := cancel(ctx, tx, delivery.ChannelID(row.ID)); err != nil {
				return struct{}{}, err
			}
			if err := tx.Ent().Channel.DeleteOne(row).Exec(ctx); err != nil {
				return struct{}{}, fmt.Errorf("notify: removing a channel: %w", err)
			}
			tellFeed(tx, row, "REMOVED", "")
			return struct{}{}, tx.Audit(ctx, store.AuditItem{Action: "removeChannel", Target: row.ID, Outcome: crm.AuditSucceeded, Before: shownOf(row)})
		})
	return err
}

// Rotate gives a webhook a new signing secret. The one before signs along for a day.
// Errors: NOT_FOUND; BAD_INPUT for a channel that signs nothing.
func (s *Service) Rotate(ctx context.Context, channelID, idempotencyKey string) (Made, error) {
	if err := mayConfigure(ctx); err != nil {
		return Made{}, err
	}
	var shown string
	id, err := store.Idempotent(ctx, s.c.Store, idempotencyKey, "channel.rotate", channelID,
		func(ctx context.Context, tx *store.Tx) (_ string, err error) {
			shown, err = s.rotate(ctx, tx, channelID)
			return channelID, err
		})
	return Made{ID: id, SigningSecret: crm.Secret(shown)}, err
}

func (s *Service) rotate(ctx context.Context, tx *store.Tx, channelID string) (string, error) {
	row, err := lockChannel(ctx, tx, channelID)
	if err != nil {
		return "", err
	}
	if row.Kind != crm.ChannelWebhook {
		return "", fault.New(fault.BadInput, "Only a webhook has a signing secret.", fault.Field("channelId"))
	}
	secrets, err := s.open(row)
	if err != nil {
		return "", err
	}
	secrets, shown := secrets.rotated(tx.Now())
	box, err := s.seal(row.WorkspaceID, row.ID, secrets)
	if err != nil {
		return "", err
	}
	if err := tx.Ent().Channel.UpdateOne(row).SetSealed(box).SetUpdatedAt(tx.Now()).Exec(ctx); err != nil {
		return "", fmt.Errorf("notify: saving a channel: %w", err)
	}
	tellFeed(tx, row, "ROTATED", "")
	return shown, tx.Audit(ctx, store.AuditItem{Action: "rotateChannelSecret", Target: row.ID, Outcome: crm.AuditSucceeded})
}

// shown is what an audit entry says of a channel: nothing secret.
type shown struct {
	Kind        crm.ChannelKind `json:"kind"`
	Name        string          `json:"name"`
	Host        string          `json:"host"`
	HeaderNames []string        `json:"headerNames"`
	MinSeverity crm.Severity    `json:"minSeverity"`
	Enabled     bool            `json:"enabled"`
}

func shownOf(row *ent.Channel) shown {
	return shown{Kind: row.Kind, Name: row.Name, Host: row.Host, HeaderNames: row.HeaderNames, MinSeverity: row.MinSeverity, Enabled: row.Enabled}
}

func namesOf(headers []Header) []string {
	names := make([]string, len(headers))
	for i, header := range headers {
		names[i] = header.Name
	}
	return names
}

// lockChannel loads a channel under its workspace's lock.
func lockChannel(ctx context.Context, tx *store.Tx, channelID string) (*ent.Channel, error) {
	p, _ := principal.From(ctx)
	if _, err := snapshot.LockWorkspace(ctx, tx, p.WorkspaceID); err != nil {
		return nil, err
	}
	return findChannel(ctx, tx.Ent(), channelID)
}

func findChannel(ctx context.Context, client *ent.Client, channelID string) (*ent.Channel, error) {
	row, err := client.Channel.Query().Where(entchannel.ID(channelID)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.New(fault.NotFound, "The workspace has no channel with this id.", fault.Field("channelId"))
	}
	if err != nil {
		return nil, fmt.Errorf("notify: the channel: %w", err)
	}
	return row, nil
}

func freeName(ctx context.Context, tx *store.Tx, name, butID string) error {
	taken, err := tx.Ent().Channel.Query().Where(entchannel.Name(name), entchannel.IDNEQ(butID)).Exist(ctx)
	if err != nil {
		return fmt.Errorf("notify: channels: %w", err)
	}
	if taken {
		return fault.New(fault.Conflict, fmt.Sprintf("There is a channel %q already.", name), fault.Field("name"), fault.Hint("Choose another name."))
	}
	return nil
}

// checked judges what a channel is made of and returns its host. The name loses the
// space around it, header names get their usual form.
func (s *Service) checked(name *string, secrets *sealed, kind crm.ChannelKind) (string, error) {
	*name = strings.TrimSpace(*name)
	if *name == "" || len(*name) > maxName || !utf8.ValidString(*name) || strings.ContainsFunc(*name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", fault.New(fault.BadInput, fmt.Sprintf("A name has 1 to %d printable characters.", maxName), fault.Field("name"))
	}
	u, err := url.Parse(secrets.URL)
	if err != nil || u.Host == "" || len(secrets.URL) > maxURL || u.Fragment != "" {
		// The URL is a secret and is not repeated.
		return "", fault.New(fault.BadInput, fmt.Sprintf("The URL is none, is longer than %d characters, or has a fragment.", maxURL), fault.Field("url"))
	}
	if err := s.web.Permits(u); err != nil {
		known, _ := fault.From(err)
		return "", fault.New(fault.HostBlocked, known.Message, fault.Field("url"), fault.Cause(err),
			fault.Hint("Give an https address on port 443 that is reached from the internet, or ask the operator to allow the host."))
	}
	if kind == crm.ChannelSlack && len(secrets.Headers) > 0 {
		return "", fault.New(fault.BadInput, "Only webhooks have headers.", fault.Field("headers"))
	}
	if err := checkHeaders(secrets.Headers); err != nil {
		return "", err
	}
	return u.Scheme + "://" + u.Host, nil
}

// checkHeaders refuses headers that are none, and those that say how the message itself
// is to be read.
func checkHeaders(headers []Header) error {
	bad := func(message string, args ...any) error {
		return fault.New(fault.BadInput, fmt.Sprintf(message, args...), fault.Field("headers"))
	}
	if len(headers) > maxHeaders {
		return bad("A channel has at most %d headers.", maxHeaders)
	}
	seen := map[string]bool{}
	for i := range headers {
		header := &headers[i]
		if len(header.Name) > maxName || !httpguts.ValidHeaderFieldName(header.Name) {
			return bad("Header number %d has a name that is none.", i+1)
		}
		header.Name = textproto.CanonicalMIMEHeaderKey(header.Name)
		switch {
		case len(header.Value) > maxHeaderValue || !httpguts.ValidHeaderFieldValue(header.Value):
			return bad("The value of %s is too long or holds characters that no header may.", header.Name)
		case seen[header.Name]:
			return bad("%s is there twice.", header.Name)
		case ours(header.Name):
			return bad("%s is set by the server itself.", header.Name)
		}
		seen[header.Name] = true
	}
	return nil
}

func ours(name string) bool {
	if strings.HasPrefix(name, "Webhook-") || strings.HasPrefix(name, "Content-") || strings.HasPrefix(name, "Proxy-") {
		return true
	}
	return slices.Contains([]string{"Host", "Connection", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "User-Agent", "Expect", "Accept-Encoding"}, name)
}

func mayConfigure(ctx context.Context) error {
	if p, ok := principal.From(ctx); !ok || !p.May(principal.ScopeConfigure) {
		return fault.New(fault.Forbidden, "Only an admin changes channels.", fault.Detail("scope", string(principal.ScopeConfigure)))
	}
	return nil
}
