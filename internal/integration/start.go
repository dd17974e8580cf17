package integration

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/oauthstate"
	"github.com/fieldwarden/fieldwarden/ent/predicate"
	"github.com/fieldwarden/fieldwarden/internal/auth"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/gid"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

const (
	// signInTime is how long a sign-in may take from Start to Callback.
	signInTime = 10 * time.Minute

	pathStart    = "/oauth/start"
	pathCallback = "/oauth/callback"
)

// StartInput says what to connect to.
type StartInput struct {
	Connector   string
	Environment crm.Environment
	// ScheduleTime is the local time of the daily run, HH:MM; empty keeps what the
	// integration has (02:00 at first, requirement D16).
	ScheduleTime string
	// TimeZone is an IANA name; empty keeps what the integration has (the
	// workspace's at first).
	TimeZone string
	// Config is a JSON object by the connector's schema; empty keeps what the
	// integration has.
	Config json.RawMessage
	// Grant is how to sign in; empty is the first that the connector offers.
	Grant          crm.GrantType
	IdempotencyKey string
}

// StartResult tells the admin where to sign in.
type StartResult struct {
	IntegrationID string
	// SignInURL opens the sign-in, once, in the browser that will finish it. It
	// holds a secret. Empty when the app signed in as itself.
	SignInURL string
}

// started is the saved answer of Start: the link's ticket is sealed in it. An app
// that signs in as itself has no ticket.
type started struct {
	IntegrationID string
	StateID       string
	SealedTicket  []byte
}

// Start makes or resumes the integration of a connector and environment and opens
// a sign-in (requirement C1). It resumes an integration that nobody has signed in
// to, and, where there is no room for another, reconnects one that lost its
// credential, with its ids, mappings and history. One that was disconnected stays as
// it is: Reconnect goes on with it, Start makes a new one. An earlier sign-in of the
// same integration ends. With client credentials nobody has to sign in: the
// integration is connected when Start returns.
//
// Errors: fault.InstanceLimit while all slots are taken by integrations that are
// signed in; fault.OAuthClientMissing; fault.ConnectorUnsupported for an
// environment or a grant that the connector does not know; fault.HostBlocked for a
// configuration that leads to a host which the connector's manifest does not allow;
// fault.BadInput; with client credentials also those of Callback.
func (s *Service) Start(ctx context.Context, in StartInput) (StartResult, error) {
	who, err := admin(ctx)
	if err != nil {
		return StartResult{}, err
	}
	if in, err = s.resolve(ctx, in); err != nil {
		return StartResult{}, err
	}
	if _, err := s.client(ctx, in.Connector, in.Environment); err != nil {
		return StartResult{}, err
	}
	if err := in.validate(); err != nil {
		return StartResult{}, err
	}
	workspace, err := s.c.Store.Read().Workspace.Get(ctx, who.WorkspaceID)
	if err != nil {
		return StartResult{}, fmt.Errorf("read workspace: %w", err)
	}
	return s.begin(ctx, who, in.IdempotencyKey, "startIntegration", in, func(ctx context.Context, tx *store.Tx) (*ent.Integration, crm.GrantType, error) {
		row, err := s.claimSlot(ctx, tx, in, workspace)
		return row, in.Grant, err
	})
}

// begin opens a sign-in to the integration that claim claims, once for an
// idempotency key, or, with client credentials, signs in at once.
func (s *Service) begin(
	ctx context.Context, who principal.Principal, key, operation string, request any,
	claim func(ctx context.Context, tx *store.Tx) (*ent.Integration, crm.GrantType, error),
) (StartResult, error) {
	repeated := true
	answer, err := store.Idempotent(ctx, s.c.Store, key, operation, request, func(ctx context.Context, tx *store.Tx) (started, error) {
		repeated = false
		row, grant, err := claim(ctx, tx)
		if err != nil {
			return started{}, err
		}
		if grant == crm.GrantClientCredentials {
			return started{IntegrationID: row.ID}, endSignIns(ctx, tx, row.ID)
		}
		return s.openSignIn(ctx, tx, who, row)
	})
	if err != nil {
		return StartResult{}, err
	}
	if answer.SealedTicket == nil {
		return StartResult{IntegrationID: answer.IntegrationID}, s.signInAsApp(ctx, answer.IntegrationID, repeated)
	}
	ticket, err := s.c.Box.Open(who.WorkspaceID, answer.StateID, answer.SealedTicket)
	if err != nil {
		return StartResult{}, err
	}
	link := s.c.PublicURL + pathStart + "?" + url.Values{"ticket": {string(ticket)}}.Encode()
	return StartResult{IntegrationID: answer.IntegrationID, SignInURL: link}, nil
}

// resolve fills what was left out and checks it against the connector's manifest.
func (s *Service) resolve(ctx context.Context, in StartInput) (StartInput, error) {
	manifest, spec, err := s.manifest(in.Connector, in.Environment)
	if err != nil {
		return in, err
	}
	if len(in.Config) == 0 {
		taken, err := holders(ctx, s.c.Store.Read(), in.Connector, in.Environment)
		if err != nil {
			return in, err
		}
		if row := s.resumable(Slot(in.Connector, in.Environment), taken); row != nil {
			in.Config = row.Config
		}
	}
	if in.Config, err = checkConfiguration(manifest, in.Config); err != nil {
		return in, err
	}
	if _, err := s.describe(in.Connector, in.Environment, in.Config); err != nil {
		return in, err
	}
	grants := spec.OAuth.Grants
	if len(grants) == 0 {
		grants = []crm.GrantType{crm.GrantAuthorizationCode}
	}
	if in.Grant == "" {
		in.Grant = grants[0]
	}
	if !slices.Contains(grants, in.Grant) {
		return in, fault.New(fault.ConnectorUnsupported,
			fmt.Sprintf("The connector %s does not offer the grant %s.", manifest.Title, in.Grant), fault.Field("grant"))
	}
	return in, nil
}

func (in StartInput) validate() error {
	if in.ScheduleTime != "" {
		if _, _, err := wallTime(in.ScheduleTime); err != nil {
			return err
		}
	}
	if in.TimeZone != "" {
		if _, err := zone(in.TimeZone); err != nil {
			return err
		}
	}
	return nil
}

// claimSlot finds or makes the integration of a slot and moves it into sign-in.
func (s *Service) claimSlot(ctx context.Context, tx *store.Tx, in StartInput, workspace *ent.Workspace) (*ent.Integration, error) {
	kind := Slot(in.Connector, in.Environment)
	taken, err := holders(ctx, tx.Ent(), in.Connector, in.Environment)
	if err != nil {
		return nil, err
	}
	row := s.resumable(kind, taken)
	if row == nil {
		slot, free := s.freeSlot(kind, taken)
		if !free {
			return nil, errInstanceLimit(taken)
		}
		row, err = tx.Ent().Integration.Create().
			SetWorkspaceID(workspace.ID).SetCreatedAt(tx.Now()).SetUpdatedAt(tx.Now()).
			SetConnector(in.Connector).SetEnvironment(in.Environment).SetSlot(slot).
			SetScheduleZone(workspace.TimeZone).
			SetPackageVersion(s.newestPackage(workspace.PackageKey, in.Connector)).Save(ctx)
		if ent.IsConstraintError(err) {
			return nil, fault.New(fault.Conflict, "Another sign-in for this connector and environment began at the same moment.")
		}
		if err != nil {
			return nil, fmt.Errorf("claim slot: %w", err)
		}
	}
	return move(ctx, tx, row, signInStarted, keptReason(row), func(update *ent.IntegrationUpdateOne) {
		if in.ScheduleTime != "" {
			update.SetScheduleTime(in.ScheduleTime)
		}
		if in.TimeZone != "" {
			update.SetScheduleZone(in.TimeZone)
		}
		if in.Config != nil {
			update.SetConfig(in.Config)
		}
	})
}

// newestPackage is the version that a new integration goes by from now on: a newer one
// changes what is checked only when somebody has seen its plan. 0 when the package has
// no part for the CRM, which the check will say.
func (s *Service) newestPackage(key, connector string) int {
	if s.c.Packages == nil {
		return 0
	}
	pkg, err := s.c.Packages(key, connector, 0)
	if err != nil {
		return 0
	}
	return pkg.Version
}

// keptReason is why an integration lost its credential: it stands until somebody
// has signed in again. The reason of a sign-in that failed is over with the next.
func keptReason(row *ent.Integration) string {
	if row.State == crm.IntegrationGrace || row.State == crm.IntegrationDisconnected {
		return row.StateReason
	}
	return ""
}

// signInSecrets are what a sign-in needs again later; they are stored sealed.
type signInSecrets struct {
	State string `json:"state"`
	// Verifier is the PKCE code verifier (RFC 7636).
	Verifier string `json:"verifier"`
}

// openSignIn saves a new sign-in and ends the earlier ones of the integration.
func (s *Service) openSignIn(ctx context.Context, tx *store.Tx, who principal.Principal, row *ent.Integration) (started, error) {
	if err := endSignIns(ctx, tx, row.ID); err != nil {
		return started{}, err
	}
	return s.saveSignIn(ctx, tx, who, row, "")
}

// saveSignIn saves a new sign-in; simulationID is of the simulation that it is for,
// empty for one to the integration itself.
func (s *Service) saveSignIn(
	ctx context.Context, tx *store.Tx, who principal.Principal, row *ent.Integration, simulationID string,
) (started, error) {
	id, ticket, secrets := gid.New(gid.OAuthState), randomSecret(), signInSecrets{State: randomSecret(), Verifier: randomSecret()}
	plain, err := json.Marshal(secrets)
	if err != nil {
		return started{}, fmt.Errorf("encode sign-in: %w", err)
	}
	sealed, err := s.c.Box.Seal(row.WorkspaceID, id, plain)
	if err != nil {
		return started{}, err
	}
	sealedTicket, err := s.c.Box.Seal(row.WorkspaceID, id, []byte(ticket))
	if err != nil {
		return started{}, err
	}
	err = tx.Ent().OAuthState.Create().SetID(id).SetWorkspaceID(row.WorkspaceID).SetCreatedAt(tx.Now()).
		SetIntegrationID(row.ID).SetPrincipalID(who.ID).SetSimulationID(simulationID).
		SetStateHash(auth.HashSignInSecret(crm.Secret(secrets.State))).
		SetTicketHash(auth.HashSignInSecret(crm.Secret(ticket))).
		SetSealedVerifier(sealed).SetRedirectURI(s.c.PublicURL + pathCallback).
		SetExpiresAt(tx.Now().Add(signInTime)).Exec(ctx)
	if err != nil {
		return started{}, fmt.Errorf("save sign-in: %w", err)
	}
	return started{IntegrationID: row.ID, StateID: id, SealedTicket: sealedTicket}, nil
}

// endSignIns forgets the sign-ins to an integration. Those of simulations end with
// them, or by themselves: they change nothing of the integration.
func endSignIns(ctx context.Context, tx *store.Tx, integrationID string) error {
	if _, err := tx.Ent().OAuthState.Delete().Where(oauthstate.IntegrationID(integrationID), ofIntegration()).Exec(ctx); err != nil {
		return fmt.Errorf("end earlier sign-ins: %w", err)
	}
	return nil
}

// ofIntegration chooses the sign-ins that are to an integration itself.
func ofIntegration() predicate.OAuthState {
	return oauthstate.Or(oauthstate.SimulationIDIsNil(), oauthstate.SimulationID(""))
}

// randomSecret is 32 random bytes as 43 characters, which is also a PKCE verifier.
func randomSecret() string {
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails: crypto/rand ends the program instead
	return base64.RawURLEncoding.EncodeToString(random[:])
}

// wallTime reads HH:MM.
func wallTime(text string) (hour, minute int, err error) {
	at, err := time.Parse("15:04", text)
	if err != nil || len(text) != len("15:04") {
		return 0, 0, fault.New(fault.BadInput, fmt.Sprintf("The time %q is not of the form HH:MM.", text), fault.Field("scheduleTime"))
	}
	return at.Hour(), at.Minute(), nil
}

// zone reads an IANA name.
func zone(name string) (*time.Location, error) {
	location, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return nil, fault.New(fault.BadInput, fmt.Sprintf("The time zone %q is not an IANA name.", name), fault.Field("scheduleZone"))
	}
	return location, nil
}
