package integration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/identitysimulation"
	"github.com/fieldwarden/fieldwarden/ent/oauthstate"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/gid"
	"github.com/fieldwarden/fieldwarden/internal/obs"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// FeedSimulation is the kind of the feed entries about simulations.
const FeedSimulation = "simulation"

// simulationBatch bounds the simulations that one ExpireSimulations ends.
const simulationBatch = 500

// Checker asks a CRM for the rights of whoever a token is of; one check for each
// object that the CRM answered for.
type Checker interface {
	CheckPermissions(ctx context.Context, connector string, t crm.Target, r crm.CheckRequest) ([]crm.ObjectCheck, crm.CheckOutcome, error)
}

// SimulationParts are what simulations need of others.
type SimulationParts struct {
	Checker Checker
	// Inputs gives what an integration's settings depend on, with the present login.
	Inputs func(ctx context.Context, client *ent.Client, integration *ent.Integration) (crm.SettingInputs, error)
}

// SimulateInput asks for a simulation.
type SimulateInput struct {
	IntegrationID  string
	IdempotencyKey string
}

// SimulateResult tells the admin where to sign in as somebody else.
type SimulateResult struct {
	SimulationID string
	// SignInURL is as in StartResult.
	SignInURL string
}

// simulationStarted is the saved answer of StartSimulation.
type simulationStarted struct {
	SimulationID string
	started
}

// StartSimulation opens a sign-in as somebody else, to see what would work with that
// login (requirement J7). The integration goes on as it is: neither its state and its
// credential nor a verdict, an alert or a mapping change. A simulation that still
// waits for its sign-in ends; a sign-in to the integration itself does not.
//
// Errors: fault.IntegrationState unless it is ONBOARDING, ACTIVE or PAUSED;
// fault.ConnectorUnsupported when nobody can sign in to the CRM in a browser.
func (s *Service) StartSimulation(ctx context.Context, in SimulateInput) (SimulateResult, error) {
	who, err := admin(ctx)
	if err != nil {
		return SimulateResult{}, err
	}
	answer, err := store.Idempotent(ctx, s.c.Store, in.IdempotencyKey, "startIdentitySimulation", in,
		func(ctx context.Context, tx *store.Tx) (simulationStarted, error) {
			return s.openSimulation(ctx, tx, who, in.IntegrationID)
		})
	if err != nil {
		return SimulateResult{}, err
	}
	ticket, err := s.c.Box.Open(who.WorkspaceID, answer.StateID, answer.SealedTicket)
	if err != nil {
		return SimulateResult{}, err
	}
	link := s.c.PublicURL + pathStart + "?" + url.Values{"ticket": {string(ticket)}}.Encode()
	return SimulateResult{SimulationID: answer.SimulationID, SignInURL: link}, nil
}

// openSimulation saves a simulation and its sign-in.
func (s *Service) openSimulation(ctx context.Context, tx *store.Tx, who principal.Principal, integrationID string) (simulationStarted, error) {
	row, err := snapshot.Find(ctx, tx.Ent(), integrationID)
	if err != nil {
		return simulationStarted{}, err
	}
	if err := s.simulable(row); err != nil {
		return simulationStarted{}, err
	}
	earlier, err := tx.Ent().IdentitySimulation.Query().
		Where(identitysimulation.IntegrationID(row.ID), identitysimulation.StateEQ(crm.SimulationWaiting)).All(ctx)
	if err != nil {
		return simulationStarted{}, fmt.Errorf("read simulations: %w", err)
	}
	for _, waiting := range earlier {
		if err := expireSimulation(ctx, tx, waiting); err != nil {
			return simulationStarted{}, err
		}
	}
	id := gid.New(gid.Simulation)
	simulation, err := tx.Ent().IdentitySimulation.Create().SetID(id).SetWorkspaceID(row.WorkspaceID).SetCreatedAt(tx.Now()).
		SetIntegrationID(row.ID).SetRequestedBy(who.ID).SetExpiresAt(tx.Now().Add(signInTime)).Save(ctx)
	if err != nil {
		return simulationStarted{}, fmt.Errorf("save simulation: %w", err)
	}
	opened, err := s.saveSignIn(ctx, tx, who, row, id)
	if err != nil {
		return simulationStarted{}, err
	}
	announceSimulation(tx, simulation)
	return simulationStarted{SimulationID: id, started: opened}, tx.Audit(ctx, store.AuditItem{
		Action: "integration.simulationStarted", Target: row.ID, Outcome: crm.AuditSucceeded, After: map[string]string{"simulationId": id},
	})
}

// simulable refuses an integration that has no login to compare with, and a CRM that
// nobody signs in to.
func (s *Service) simulable(row *ent.Integration) error {
	if !holdsCredential(row.State) {
		return errState(row)
	}
	d, err := s.describe(row.Connector, row.Environment, row.Config)
	if err != nil {
		return err
	}
	if grants := d.oauth.Grants; len(grants) > 0 && !slices.Contains(grants, crm.GrantAuthorizationCode) {
		return fault.New(fault.ConnectorUnsupported, fmt.Sprintf("Nobody can sign in to %s in a browser.", d.manifest.Title))
	}
	return nil
}

// finishSimulation redeems a claimed sign-in, asks the CRM what that login may do and
// keeps the comparison. The tokens live in memory only, and end here.
func (s *Service) finishSimulation(ctx context.Context, in CallbackInput, signIn *ent.OAuthState, row *ent.Integration) error {
	result, err := s.simulate(ctx, in, signIn, row)
	if ended := s.endSimulation(ctx, row, signIn.SimulationID, result, err); ended != nil {
		return errors.Join(err, ended)
	}
	return err
}

// simulated is what a simulation found.
type simulated struct {
	identity string
	report   crm.Simulation
}

func (s *Service) simulate(ctx context.Context, in CallbackInput, signIn *ent.OAuthState, row *ent.Integration) (simulated, error) {
	if err := s.simulable(row); err != nil {
		return simulated{}, err
	}
	d, err := s.describe(row.Connector, row.Environment, row.Config)
	if err != nil {
		return simulated{}, err
	}
	if in.Error != "" || in.Code == "" {
		return simulated{}, s.denied(d, in)
	}
	answer, err := s.redeem(ctx, d, in.Code, signIn, row)
	if err != nil {
		return simulated{}, err
	}
	login := grant{tokens: tokensOf(answer, "", s.now())}
	defer func() { s.letGo(ctx, d, row, login) }()
	if login.endpoint, err = d.dataEndpoint(answer); err != nil {
		return simulated{}, err
	}
	t := crm.Target{
		IntegrationID: row.ID, Environment: row.Environment, Endpoint: login.endpoint, AccessToken: login.tokens.access(), Config: row.Config,
	}
	if t.Introspection, err = s.introspect(ctx, d, row, t.AccessToken); err != nil {
		return simulated{}, err
	}
	if login.identity, err = s.c.Connectors.Identify(ctx, row.Connector, t); err != nil {
		return simulated{}, err
	}
	found := simulated{identity: login.userName()}
	if err := rightInstance(row, login.identity); err != nil {
		return found, err
	}
	found.report, err = s.compare(ctx, row, t)
	return found, err
}

// compare asks for the rights on all objects of the package and holds them against
// what is known of the present login. No transaction is open meanwhile.
func (s *Service) compare(ctx context.Context, row *ent.Integration, t crm.Target) (crm.Simulation, error) {
	inputs, err := s.c.Simulation.Inputs(ctx, s.c.Store.Read(), row)
	if err != nil {
		return crm.Simulation{}, err
	}
	request := crm.CheckRequest{Unconditional: true}
	for _, object := range inputs.Package.Objects {
		asked := crm.CheckObject{Name: object.Name}
		for _, standard := range object.Fields {
			if mapped := inputs.Mappings[standard.Key]; mapped != "" && !slices.Contains(asked.Fields, mapped) {
				asked.Fields = append(asked.Fields, mapped)
			}
		}
		request.Objects = append(request.Objects, asked)
	}
	answers, _, err := s.c.Simulation.Checker.CheckPermissions(ctx, row.Connector, t, request)
	if err != nil {
		return crm.Simulation{}, err
	}
	checks := make([]crm.ObjectCheck, len(request.Objects))
	answered := false
	for i, asked := range request.Objects {
		checks[i] = crm.ObjectCheck{Object: asked.Name, Verdict: crm.VerdictFailed}
		at := slices.IndexFunc(answers, func(answer crm.ObjectCheck) bool { return answer.Object == asked.Name })
		if at >= 0 {
			checks[i] = answers[at]
		}
		answered = answered || checks[i].Verdict != crm.VerdictFailed
	}
	if !answered {
		return crm.Simulation{}, errNothingAnswered(checks)
	}
	return crm.Simulate(inputs, checks), nil
}

// errNothingAnswered is why the CRM answered for no object.
func errNothingAnswered(checks []crm.ObjectCheck) error {
	for _, check := range checks {
		if check.Failure != nil {
			return check.Failure
		}
	}
	return fault.New(fault.ConnectorAnswer, "The connector answered for no object.")
}

// letGo ends the login of a simulation. The authorization is revoked where it is
// certain that it is not the integration's own: a CRM may give a user one for all
// sign-ins. Else the tokens are dropped, which nobody else has.
func (s *Service) letGo(ctx context.Context, d described, row *ent.Integration, login grant) {
	name := login.userName()
	if name == "" || name == row.IntegrationUser {
		return
	}
	s.giveBack(ctx, d, row, login.tokens)
}

// endSimulation saves how a simulation ended, also when it failed for lack of time.
func (s *Service) endSimulation(ctx context.Context, row *ent.Integration, id string, found simulated, cause error) error {
	report, err := json.Marshal(found.report)
	if err != nil {
		return fmt.Errorf("encode simulation: %w", err)
	}
	ctx = context.WithoutCancel(ctx)
	return s.c.Store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		update := tx.Ent().IdentitySimulation.UpdateOneID(id).Where(identitysimulation.StateEQ(crm.SimulationRunning)).
			SetState(crm.SimulationDone).SetIdentity(clip(found.identity, 300)).SetFinishedAt(tx.Now())
		audit := store.AuditItem{
			Action: "integration.simulated", Target: row.ID, Outcome: crm.AuditSucceeded,
			After: map[string]string{"simulationId": id, "identity": found.identity},
		}
		if cause == nil {
			update.SetReport(report)
		} else {
			code, why := codeAndText(cause)
			update.SetState(crm.SimulationFailed).SetFailureCode(string(code)).SetFailure(clip(why, 500))
			audit.Outcome, audit.Fault = crm.AuditFailed, code
		}
		simulation, err := update.Save(ctx)
		if ent.IsNotFound(err) {
			return fault.New(fault.OAuthStateUsed, "This simulation was ended before it was finished.")
		}
		if err != nil {
			return fmt.Errorf("end simulation: %w", err)
		}
		announceSimulation(tx, simulation)
		return tx.Audit(ctx, audit)
	})
}

// codeAndText are what is shown of a failure: nothing that was not written for people.
func codeAndText(cause error) (fault.Code, string) {
	if found, ok := fault.From(cause); ok {
		return found.Code, found.Message
	}
	return fault.Internal, "The simulation failed inside Fieldwarden."
}

// runSimulation marks that somebody has signed in; in the transaction that claims the
// sign-in.
func runSimulation(ctx context.Context, tx *store.Tx, id string) error {
	simulation, err := tx.Ent().IdentitySimulation.UpdateOneID(id).Where(identitysimulation.StateEQ(crm.SimulationWaiting)).
		SetState(crm.SimulationRunning).Save(ctx)
	if ent.IsNotFound(err) {
		return fault.New(fault.OAuthStateUsed, "This simulation was ended before its sign-in.")
	}
	if err != nil {
		return fmt.Errorf("run simulation: %w", err)
	}
	announceSimulation(tx, simulation)
	return nil
}

// announceSimulation tells subscribers how far a simulation is.
func announceSimulation(tx *store.Tx, simulation *ent.IdentitySimulation) {
	tx.Feed(store.FeedItem{
		WorkspaceID: simulation.WorkspaceID, Kind: FeedSimulation, IntegrationID: simulation.IntegrationID, SubjectID: simulation.ID,
		Payload: map[string]crm.SimulationState{"state": simulation.State},
	})
}

// ExpireSimulations ends the simulations that nobody signed in for in time, and those
// whose server stopped while it asked the CRM: their tokens went with it.
func (s *Service) ExpireSimulations(ctx context.Context) error {
	now := s.now()
	due, err := s.c.Store.Read().IdentitySimulation.Query().Where(identitysimulation.Or(
		identitysimulation.And(identitysimulation.StateEQ(crm.SimulationWaiting), identitysimulation.ExpiresAtLTE(now)),
		identitysimulation.And(identitysimulation.StateEQ(crm.SimulationRunning), identitysimulation.ExpiresAtLTE(now.Add(-callbackTime))),
	)).Order(identitysimulation.ByExpiresAt()).Limit(simulationBatch).All(ctx)
	if err != nil {
		return fmt.Errorf("read simulations: %w", err)
	}
	for _, simulation := range due {
		ctx := principal.System(ctx, simulation.WorkspaceID, "expiry of simulations")
		err := s.c.Store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error { return expireSimulation(ctx, tx, simulation) })
		if err != nil {
			s.c.Logger.ErrorContext(ctx, "a simulation could not be ended", obs.KeyIntegration, simulation.IntegrationID, obs.Err(err))
		}
	}
	return nil
}

// expireSimulation ends a simulation that has not ended yet, with its sign-in. One that
// goes on or has ended meanwhile is left alone.
func expireSimulation(ctx context.Context, tx *store.Tx, simulation *ent.IdentitySimulation) error {
	update := tx.Ent().IdentitySimulation.UpdateOneID(simulation.ID).Where(identitysimulation.StateEQ(simulation.State)).SetFinishedAt(tx.Now())
	if simulation.State == crm.SimulationRunning {
		update.SetState(crm.SimulationFailed).SetFailureCode(string(fault.ShuttingDown)).
			SetFailure("The server stopped while it asked the CRM. Start the simulation again.")
	} else {
		update.SetState(crm.SimulationExpired)
	}
	ended, err := update.Save(ctx)
	if ent.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("expire simulation: %w", err)
	}
	if _, err := tx.Ent().OAuthState.Delete().Where(oauthstate.SimulationID(simulation.ID)).Exec(ctx); err != nil {
		return fmt.Errorf("end the sign-in of a simulation: %w", err)
	}
	announceSimulation(tx, ended)
	return nil
}

// Simulation reads the report of a simulation; empty before it is done.
func Simulation(row *ent.IdentitySimulation) (crm.Simulation, error) {
	var report crm.Simulation
	if len(row.Report) == 0 {
		return report, nil
	}
	if err := json.Unmarshal(row.Report, &report); err != nil {
		return report, fmt.Errorf("decode simulation %s: %w", row.ID, err)
	}
	return report, nil
}
