package auth

import (
	"context"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/ent/apitoken"
	"github.com/fieldwarden/fieldwarden/ent/member"
	entsession "github.com/fieldwarden/fieldwarden/ent/session"
	"github.com/fieldwarden/fieldwarden/internal/obs"
	"github.com/fieldwarden/fieldwarden/internal/principal"
)

// lookupBatch bounds the ids of one query of the poll.
const lookupBatch = 500

// Session is the life of an authenticated credential.
type Session struct {
	service *Service
	life    life
	caller  caller
}

// life is what a live connection depends on. It ends when one of the parts that are
// set does.
type life struct {
	// tokenID is a service token, sessionID a browser's session.
	tokenID, sessionID string
	// memberID is the member that acts and role what it was when it began: a member
	// who gets another role connects again.
	memberID string
	role     principal.Role
	// until is when a JWT expires, in Unix seconds; zero for no such end.
	until int64
}

// Done returns a channel that is closed when the credential ends: revoked, expired,
// signed out, its member removed or given another role. It is nil for the zero
// Session, which never ends. Live connections must end with it.
func (s Session) Done() <-chan struct{} {
	if s.service == nil {
		return nil
	}
	return s.service.watch(s.life)
}

type sessionKey struct{}

// With returns a context in which p acts for as long as the session lives.
func With(ctx context.Context, p principal.Principal, session Session) context.Context {
	return context.WithValue(principal.With(ctx, p), sessionKey{}, session)
}

// SessionFrom returns the session of the context; the zero Session without one.
func SessionFrom(ctx context.Context) Session {
	session, _ := ctx.Value(sessionKey{}).(Session)
	return session
}

// Run ends the live connections of credentials that expire or that another process
// ends, until ctx ends. A database that cannot be read is logged and tried again: it
// ends nothing.
func (s *Service) Run(ctx context.Context) error {
	ticker := s.store.Clock().NewTicker(s.poll)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.Chan():
			if err := s.endDead(ctx); err != nil && ctx.Err() == nil {
				s.log.WarnContext(ctx, "could not look for ended credentials", obs.Err(err))
			}
		}
	}
}

// alive is what the poll found to be good, of all that is watched.
type alive struct {
	tokens, sessions map[string]bool
	roles            map[string]principal.Role
}

// endDead ends all watched lives that are over.
func (s *Service) endDead(ctx context.Context) error {
	lives := s.lives()
	found, err := s.lookAt(principal.AllWorkspaces(ctx, "end sessions"), lives)
	if err != nil {
		return err
	}
	now := s.now()
	for _, l := range lives {
		dead := l.tokenID != "" && !found.tokens[l.tokenID] ||
			l.sessionID != "" && !found.sessions[l.sessionID] ||
			l.memberID != "" && found.roles[l.memberID] != l.role ||
			l.until != 0 && !now.Before(time.Unix(l.until, 0))
		if dead {
			s.endLives(func(other life) bool { return other == l })
		}
	}
	return nil
}

// lookAt reads what the lives depend on.
func (s *Service) lookAt(all context.Context, lives []life) (alive, error) {
	found := alive{tokens: map[string]bool{}, sessions: map[string]bool{}, roles: map[string]principal.Role{}}
	read, now := s.store.Read(), s.now()
	for ids := range distinct(lives, func(l life) string { return l.tokenID }) {
		rows, err := read.ApiToken.Query().Where(apitoken.IDIn(ids...)).All(all)
		if err != nil {
			return alive{}, err
		}
		for _, row := range rows {
			found.tokens[row.ID] = live(row, now)
		}
	}
	for ids := range distinct(lives, func(l life) string { return l.sessionID }) {
		rows, err := read.Session.Query().Where(entsession.IDIn(ids...)).All(all)
		if err != nil {
			return alive{}, err
		}
		for _, row := range rows {
			found.sessions[row.ID] = s.sessionLive(row, now)
		}
	}
	for ids := range distinct(lives, func(l life) string { return l.memberID }) {
		rows, err := read.Member.Query().Where(member.IDIn(ids...), member.RemovedAtIsNil()).All(all)
		if err != nil {
			return alive{}, err
		}
		for _, row := range rows {
			found.roles[row.ID] = row.Role
		}
	}
	return found, nil
}

// distinct yields the ids that some lives have, each once, in batches.
func distinct(lives []life, id func(life) string) func(yield func([]string) bool) {
	var ids []string
	for _, l := range lives {
		if id(l) != "" {
			ids = append(ids, id(l))
		}
	}
	slices.Sort(ids)
	return slices.Chunk(slices.Compact(ids), lookupBatch)
}

// watch returns the channel of a life. The map holds at most one entry per live
// credential and workspace: entries leave it when the life ends.
func (s *Service) watch(l life) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	done, ok := s.watched[l]
	if !ok {
		done = make(chan struct{})
		s.watched[l] = done
	}
	return done
}

// endLives closes the channels of the lives that which chooses.
func (s *Service) endLives(which func(life) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for l, done := range s.watched {
		if which(l) {
			close(done)
			delete(s.watched, l)
		}
	}
}

func (s *Service) lives() []life {
	s.mu.Lock()
	defer s.mu.Unlock()
	lives := make([]life, 0, len(s.watched))
	for l := range s.watched {
		lives = append(lives, l)
	}
	return lives
}
