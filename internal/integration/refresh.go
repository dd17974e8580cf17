package integration

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/credential"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/obs"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// A CRM that rotates refresh tokens gives a new one at each refresh and kills the
// old; the old one shown again revokes the whole authorization. So:
//
//  1. One refresher at a time: whoever writes the lease into the credential's row,
//     on the version whose access token was refused, may send the refresh token.
//     Everyone else waits and reads the row again.
//  2. The answer is saved, on the same version and lease, before it is used.
//  3. A lease that is past its time, or whose holder lost the answer, means that
//     the refresh token may be spent. It is never sent again: what is left is the
//     stored access token, until the CRM refuses it.
//
// Only a process that ends, or loses the connection, between sending the token
// and saving the answer loses the authorization; an admin then signs in again.
const (
	// leaseTime is well above what a refresh takes, which is the timeout of the
	// request and the tries to save: the rest is for clocks of nodes that differ.
	leaseTime = 3 * time.Minute
	// requestTime bounds the request to the token endpoint.
	requestTime = 30 * time.Second
	// aheadOf is how long before its end an access token is renewed, where the
	// CRM tells its end.
	aheadOf = time.Minute

	// saveTime bounds the tries to save its answer: the database may be away for
	// a moment.
	saveTime = time.Minute

	firstWait, longestWait = 20 * time.Millisecond, time.Second
)

// standing is what a credential's row says about refreshing a version of it.
type standing int

const (
	// newer tokens were saved by somebody else.
	newer standing = iota
	// free to be refreshed.
	free
	// busy: somebody is refreshing.
	busy
	// uncertain: a refresh was begun and its outcome is not known.
	uncertain
	// revoked by the CRM, for good.
	revoked
)

func standingOf(row *ent.Credential, version int, rotates bool, now time.Time) standing {
	switch {
	case row.Revoked:
		return revoked
	case row.Version != version:
		return newer
	case row.LeaseUntil == nil:
		return free
	case now.Before(*row.LeaseUntil):
		return busy
	case rotates:
		return uncertain
	default:
		return free // a refresh token that does not change may be sent again
	}
}

// errUncertain says that a refresh was begun whose outcome nobody knows: only the
// stored access token is left.
var errUncertain = errors.New("integration: outcome of a refresh unknown")

// refreshAhead renews an access token whose end is known and near. While somebody
// else does, or when it cannot be done now, the token is used as long as it lasts.
func (s *Service) refreshAhead(ctx context.Context, row *ent.Integration, current held) (held, error) {
	now := s.now()
	if current.tokens.Expires.IsZero() || now.Before(current.tokens.Expires.Add(-aheadOf)) ||
		(now.Before(current.tokens.Expires) && current.row.LeaseUntil != nil) {
		return current, nil
	}
	renewed, err := s.refresh(ctx, row, current)
	switch {
	case errors.Is(err, errUncertain):
		return current, nil
	case err != nil && now.Before(current.tokens.Expires) && !fault.Is(err, fault.CRMGrantRevoked):
		s.c.Logger.InfoContext(ctx, "an access token could not be renewed ahead of its end", obs.KeyIntegration, row.ID, obs.Err(err))
		return current, nil
	}
	return renewed, err
}

// refresh returns newer tokens than those given: it waits for another's refresh
// under way, or makes one itself. errUncertain when neither can be.
func (s *Service) refresh(ctx context.Context, row *ent.Integration, old held) (held, error) {
	d, err := s.describe(row.Connector, row.Environment, row.Config)
	if err != nil {
		return held{}, err
	}
	for wait := firstWait; ; wait = min(2*wait, longestWait) {
		current, err := s.load(ctx, row)
		if err != nil {
			return held{}, err
		}
		switch standingOf(current.row, old.row.Version, d.oauth.RotatesRefreshToken, s.now()) {
		case newer:
			return current, nil
		case revoked:
			return held{}, errRevoked(row)
		case uncertain:
			return held{}, errUncertain
		case free:
			renewed, done, err := s.takeTurn(ctx, d, row, current)
			if done || err != nil {
				return renewed, err
			}
		case busy:
			if err := s.pause(ctx, wait); err != nil {
				return held{}, err
			}
		}
	}
}

// takeTurn takes the lease and refreshes. It is not done when somebody else was
// faster or the outcome is unknown: the row then says what is next. From the
// lease on it outlives ctx, for a request cut off after it left would cost the
// authorization.
func (s *Service) takeTurn(ctx context.Context, d described, row *ent.Integration, current held) (renewed held, done bool, err error) {
	client, err := s.client(ctx, row.Connector, row.Environment)
	if err != nil {
		return held{}, false, err
	}
	ctx = principal.System(context.WithoutCancel(ctx), row.WorkspaceID, "credential refresh")
	turn := s.c.NodeID + "/" + randomSecret()[:16]
	taken, err := s.takeLease(ctx, current.row, turn)
	if err != nil {
		// It may have been taken all the same; nothing was sent yet.
		return held{}, false, errors.Join(err, s.c.Store.WithTx(ctx, freeLease(current.row, turn)))
	}
	if !taken {
		return held{}, false, nil
	}
	answer, result, err := s.present(ctx, d, client, current)
	switch {
	case result == spent:
		renewed, err = s.keep(ctx, d, row, current, turn, answer)
		if fault.Is(err, fault.Fenced) {
			return held{}, false, nil // saved after all, or replaced by a sign-in
		}
		return renewed, true, err
	case result == refused:
		return held{}, true, s.giveUp(ctx, row, current.row.Version, messageOf(err))
	case result == unknown && d.oauth.RotatesRefreshToken:
		s.c.Logger.WarnContext(ctx, "the outcome of a refresh is not known", obs.KeyIntegration, row.ID, obs.Err(err))
		return held{}, false, s.persist(ctx, killLease(current.row, turn))
	default:
		return held{}, true, errors.Join(err, s.persist(ctx, freeLease(current.row, turn)))
	}
}

// takeLease claims the right to refresh this version; false when somebody else has
// it or has refreshed already.
func (s *Service) takeLease(ctx context.Context, row *ent.Credential, turn string) (taken bool, err error) {
	err = s.c.Store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		// The lease that was read: none, or a dead one where that does no harm.
		same := credential.LeaseUntilIsNil()
		if row.LeaseUntil != nil {
			same = credential.LeaseOwner(row.LeaseOwner)
		}
		n, err := tx.Ent().Credential.Update().
			Where(credential.ID(row.ID), credential.Version(row.Version), credential.Revoked(false), same).
			SetLeaseOwner(turn).SetLeaseUntil(tx.Now().Add(leaseTime)).Save(ctx)
		taken = n == 1
		return err
	})
	return taken, err
}

// freeLease gives a lease back, for the refresh token is as good as before.
func freeLease(row *ent.Credential, turn string) func(context.Context, *store.Tx) error {
	return func(ctx context.Context, tx *store.Tx) error {
		return tx.Ent().Credential.Update().Where(credential.ID(row.ID), credential.LeaseOwner(turn)).
			ClearLeaseOwner().ClearLeaseUntil().Exec(ctx)
	}
}

// killLease ends a lease's time and leaves it there: the refresh token may be spent.
func killLease(row *ent.Credential, turn string) func(context.Context, *store.Tx) error {
	return func(ctx context.Context, tx *store.Tx) error {
		return tx.Ent().Credential.Update().Where(credential.ID(row.ID), credential.LeaseOwner(turn)).
			SetLeaseUntil(tx.Now()).Exec(ctx)
	}
}

// present sends the refresh token.
func (s *Service) present(ctx context.Context, d described, client OAuthClient, current held) (tokenAnswer, outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	if current.tokens.Grant == crm.GrantClientCredentials {
		return s.requestToken(ctx, d, client, d.clientCredentials())
	}
	return s.requestToken(ctx, d, client, map[string][]string{
		"grant_type": {"refresh_token"}, "refresh_token": {current.tokens.Refresh},
	})
}

// keep saves the tokens of an answer, under the version and the lease with which
// they were asked for, and only then hands them out.
func (s *Service) keep(ctx context.Context, d described, row *ent.Integration, current held, turn string, answer tokenAnswer) (held, error) {
	fresh := tokensOf(answer, current.tokens.Refresh, s.now())
	fresh.Grant = current.tokens.Grant
	if len(fresh.Scopes) == 0 {
		fresh.Scopes = current.tokens.Scopes
	}
	sealed, err := s.seal(row, fresh)
	if err != nil {
		return held{}, err
	}
	saved := *current.row
	err = s.persist(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.Ent().Credential.Update().
			Where(credential.ID(saved.ID), credential.Version(current.row.Version), credential.LeaseOwner(turn)).
			SetSealed(sealed).AddVersion(1).ClearLeaseOwner().ClearLeaseUntil().SetRefreshedAt(tx.Now()).Save(ctx)
		if err != nil {
			return fmt.Errorf("save refreshed tokens: %w", err)
		}
		if n == 0 {
			return fault.New(fault.Fenced, "The credential was replaced during its refresh.")
		}
		return s.follow(ctx, tx, d, row, answer)
	})
	saved.Version++
	return held{row: &saved, tokens: fresh}, err
}

// follow keeps up with a CRM that moved the instance to another address.
func (s *Service) follow(ctx context.Context, tx *store.Tx, d described, row *ent.Integration, answer tokenAnswer) error {
	if answer.text(d.oauth.EndpointField) == "" {
		return nil
	}
	endpoint, err := d.dataEndpoint(answer)
	if err != nil {
		s.c.Logger.WarnContext(ctx, "the CRM names an address for its API that is not allowed", obs.KeyIntegration, row.ID, obs.Err(err))
		return nil
	}
	if endpoint == row.Endpoint {
		return nil
	}
	return tx.Ent().Integration.UpdateOneID(row.ID).SetEndpoint(endpoint).SetUpdatedAt(tx.Now()).Exec(ctx)
}

// persist runs a transaction until it succeeds or saveTime is over: what the CRM
// has done must not be lost because the database is away for a moment.
func (s *Service) persist(ctx context.Context, do func(ctx context.Context, tx *store.Tx) error) error {
	deadline := s.c.Clock.Now().Add(saveTime)
	for wait := firstWait; ; wait = min(2*wait, longestWait) {
		err := s.c.Store.WithTx(ctx, do)
		if err == nil || fault.Is(err, fault.Fenced) || !s.c.Clock.Now().Before(deadline) {
			return err
		}
		s.c.Logger.WarnContext(ctx, "could not save what became of a refresh; trying again", obs.Err(err))
		if err := s.pause(ctx, wait); err != nil {
			return err
		}
	}
}

// pause waits, or ends with ctx.
func (s *Service) pause(ctx context.Context, wait time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-s.c.Clock.After(wait):
		return nil
	}
}
