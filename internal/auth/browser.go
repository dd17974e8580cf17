package auth

import (
	"context"
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/predicate"
	entsession "github.com/fieldwarden/fieldwarden/ent/session"
	"github.com/fieldwarden/fieldwarden/ent/signinlink"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// How people sign in, as the audit says it.
const (
	methodOIDC       = "oidc"
	methodLink       = "link"
	methodInvitation = "invitation"
)

// keepEnded is how long a session or link that is over is kept, for whoever looks into
// what happened.
const keepEnded = 7 * 24 * time.Hour

// SignedIn is a browser session that has begun.
type SignedIn struct {
	// Cookie is the session's secret, given this once.
	Cookie crm.Secret
	// ExpiresAt is when the session ends at the latest.
	ExpiresAt time.Time
	// ReturnPath is where the browser was on its way to, a path of this server.
	ReturnPath string
}

// beginning is a session to be.
type beginning struct {
	method string
	// home is the workspace of the session; member the member of it, nil for CSM.
	home   string
	member *ent.Member
	// identity is who an identity provider says it is; zero for links, which prove
	// nothing of an address.
	identity Identity
	csm      bool
}

// begin makes a session and audits the sign-in in the name of who signs in.
func (s *Service) begin(ctx context.Context, tx *store.Tx, b beginning) (SignedIn, error) {
	cookie := newSecret()
	expires := tx.Now().Add(s.lifetime)
	origin := principal.OriginFrom(ctx)
	create := tx.Ent().Session.Create().SetWorkspaceID(b.home).SetCreatedAt(tx.Now()).SetSeenAt(tx.Now()).SetExpiresAt(expires).
		SetHash(hashOf(cookie)).SetCsm(b.csm).SetIssuer(b.identity.Issuer).SetSubject(b.identity.Subject).SetEmail(b.identity.Email).
		SetName(crm.Shorten(b.identity.Name, 200)).SetAddress(origin.Address).SetUserAgent(crm.Shorten(origin.UserAgent, 300))
	who := principal.Principal{
		ID: csmID(b.identity), Kind: principal.KindCSM, Name: b.identity.shown(), WorkspaceID: b.home, Role: principal.RoleCSM, Via: viaCSM,
	}
	if b.member != nil {
		create.SetMemberID(b.member.ID)
		who = principalOfMember(b.member)
		if err := tx.Ent().Member.UpdateOneID(b.member.ID).SetLastSeenAt(tx.Now()).Exec(ctx); err != nil {
			return SignedIn{}, fmt.Errorf("save sign-in of member: %w", err)
		}
	}
	row, err := create.Save(ctx)
	if err != nil {
		return SignedIn{}, fmt.Errorf("save session: %w", err)
	}
	err = tx.Audit(principal.With(ctx, who), store.AuditItem{
		Action: "session.begin", Target: row.ID, Outcome: crm.AuditSucceeded, After: map[string]any{"method": b.method, "role": who.Role},
	})
	if err != nil {
		return SignedIn{}, err
	}
	return SignedIn{Cookie: crm.Secret(cookie), ExpiresAt: expires, ReturnPath: "/"}, nil
}

// callerOfCookie finds whom a browser's session stands for.
func (s *Service) callerOfCookie(ctx context.Context, cookie crm.Secret) (caller, error) {
	all := principal.AllWorkspaces(ctx, "authenticate")
	row, err := s.sessionOf(all, cookie)
	if err != nil {
		return caller{}, err
	}
	if !s.sessionLive(row, s.now()) {
		return caller{}, errUnauthenticated()
	}
	// A short idle limit needs a closer look at the time than the usual minutes.
	if s.now().Sub(row.SeenAt) >= min(touchEvery, s.idle/4) {
		s.touch(all, func(ctx context.Context, tx *store.Tx) error {
			return tx.Ent().Session.UpdateOneID(row.ID).SetSeenAt(tx.Now()).Exec(ctx)
		})
	}
	who := caller{
		home: row.WorkspaceID, csm: row.Csm, life: life{sessionID: row.ID},
		identity: Identity{Issuer: row.Issuer, Subject: row.Subject, Email: row.Email, Name: row.Name},
	}
	if row.MemberID != nil {
		who.memberID = *row.MemberID
	}
	return who, nil
}

func (s *Service) sessionOf(all context.Context, cookie crm.Secret) (*ent.Session, error) {
	row, err := s.store.Read().Session.Query().Where(entsession.Hash(hashOf(cookie.Reveal()))).Only(all)
	if ent.IsNotFound(err) {
		return nil, errUnauthenticated()
	}
	if err != nil {
		return nil, unavailable(err)
	}
	return row, nil
}

// sessionLive reports whether a session is good at an instant: neither ended, nor
// too old, nor unused for too long.
func (s *Service) sessionLive(row *ent.Session, now time.Time) bool {
	return row.EndedAt == nil && now.Before(row.ExpiresAt) && now.Before(row.SeenAt.Add(s.idle))
}

// SignOut ends the session of a cookie and the live connections that use it. A
// cookie that stands for nobody is fault.Unauthenticated and changes nothing.
func (s *Service) SignOut(ctx context.Context, cookie crm.Secret) error {
	all := principal.AllWorkspaces(ctx, "sign out")
	who, err := s.callerOfCookie(ctx, cookie)
	if err != nil {
		return err
	}
	acting, _, err := s.actIn(all, who, who.home)
	if err != nil {
		return err
	}
	return s.store.WithTx(principal.With(ctx, acting), func(ctx context.Context, tx *store.Tx) error {
		return s.endSessions(ctx, tx, "session.end", entsession.ID(who.life.sessionID))
	})
}

// RevokeMemberSessions ends all sessions of a member of the principal's workspace.
// Call it in the transaction that removes the member.
func (s *Service) RevokeMemberSessions(ctx context.Context, tx *store.Tx, memberID string) error {
	tx.AfterCommit(func() { s.endLives(func(l life) bool { return l.memberID == memberID }) })
	return s.endSessions(ctx, tx, "session.revoke", entsession.MemberID(memberID))
}

// endSessions ends the sessions that which chooses and leaves an audit entry for each.
func (s *Service) endSessions(ctx context.Context, tx *store.Tx, action string, which predicate.Session) error {
	rows, err := tx.Ent().Session.Query().Where(which, entsession.EndedAtIsNil()).All(ctx)
	if err != nil {
		return fmt.Errorf("find sessions: %w", err)
	}
	for _, row := range rows {
		if err := tx.Ent().Session.UpdateOne(row).SetEndedAt(tx.Now()).Exec(ctx); err != nil {
			return fmt.Errorf("end session: %w", err)
		}
		tx.AfterCommit(func() { s.endLives(func(l life) bool { return l.sessionID == row.ID }) })
		if err := tx.Audit(ctx, store.AuditItem{Action: action, Target: row.ID, Outcome: crm.AuditSucceeded}); err != nil {
			return err
		}
	}
	return nil
}

// TidySessions forgets sessions and sign-in links that ended before a time. The
// audit still tells of them.
func (s *Service) TidySessions(ctx context.Context) error {
	all := principal.AllWorkspaces(ctx, "tidy sessions")
	return s.store.WithTx(all, func(ctx context.Context, tx *store.Tx) error {
		before := tx.Now().Add(-keepEnded)
		if _, err := tx.Ent().Session.Delete().Where(entsession.ExpiresAtLT(before)).Exec(ctx); err != nil {
			return fmt.Errorf("forget sessions: %w", err)
		}
		if _, err := tx.Ent().SignInLink.Delete().Where(signinlink.ExpiresAtLT(before)).Exec(ctx); err != nil {
			return fmt.Errorf("forget sign-in links: %w", err)
		}
		return nil
	})
}
