package auth

import (
	"context"
	"slices"

	"github.com/fieldwarden/fieldwarden/ent/apitoken"
	"github.com/fieldwarden/fieldwarden/internal/obs"
	"github.com/fieldwarden/fieldwarden/internal/principal"
)

// lookupBatch bounds the ids of one query of the poll.
const lookupBatch = 500

// Session is the life of an authenticated token.
type Session struct {
	service *Service
	tokenID string
}

// Done returns a channel that is closed when the token is revoked or expires; nil
// for the zero Session, which never ends. Live connections must end with it.
func (s Session) Done() <-chan struct{} {
	if s.service == nil {
		return nil
	}
	return s.service.watch(s.tokenID)
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

// Run ends the sessions of tokens that expire or that another process revokes,
// until ctx ends. A database that cannot be read is logged and tried again: it
// ends no session.
func (s *Service) Run(ctx context.Context) error {
	ticker := s.store.Clock().NewTicker(s.poll)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.Chan():
			if err := s.endDead(ctx); err != nil && ctx.Err() == nil {
				s.log.WarnContext(ctx, "could not look for ended tokens", obs.Err(err))
			}
		}
	}
}

// endDead ends the sessions of all watched tokens that are no longer good.
func (s *Service) endDead(ctx context.Context) error {
	ctx = principal.AllWorkspaces(ctx, "end sessions")
	for ids := range slices.Chunk(s.watchedIDs(), lookupBatch) {
		rows, err := s.store.Read().ApiToken.Query().Where(apitoken.IDIn(ids...)).All(ctx)
		if err != nil {
			return err
		}
		alive := map[string]bool{}
		for _, row := range rows {
			alive[row.ID] = live(row, s.now())
		}
		for _, id := range ids {
			if !alive[id] {
				s.end(id)
			}
		}
	}
	return nil
}

// watch returns the channel of a token. The map holds at most one entry per live
// token: entries leave it when the token ends.
func (s *Service) watch(tokenID string) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	done, ok := s.watched[tokenID]
	if !ok {
		done = make(chan struct{})
		s.watched[tokenID] = done
	}
	return done
}

// end closes the channel of a token.
func (s *Service) end(tokenID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if done, ok := s.watched[tokenID]; ok {
		close(done)
		delete(s.watched, tokenID)
	}
}

func (s *Service) watchedIDs() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := make([]string, 0, len(s.watched))
	for id := range s.watched {
		ids = append(ids, id)
	}
	return ids
}
