package store

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/idempotencykey"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
)

const (
	maxIdempotencyKey = 200
	// idempotencyRetention is how long a repeat is recognized.
	idempotencyRetention = 48 * time.Hour
)

// errKeyTaken says that another request with the same key was first.
var errKeyTaken = errors.New("store: idempotency key taken")

// Idempotent runs do once for a principal's key and saves its answer in the same
// transaction. A repeat of the request gets the saved answer and changes nothing;
// of two at the same time one does the work and both get its answer. The same key
// with another operation or request is IDEMPOTENCY_MISMATCH. When do fails,
// nothing is saved and the key stays free.
//
// The request is compared, and the answer saved, as JSON. The answer must be all
// there in its JSON form and must hold no secret.
func Idempotent[T any](
	ctx context.Context, s *Store, key, operation string, request any, do func(ctx context.Context, tx *Tx) (T, error),
) (answer T, err error) {
	p, err := scoped(ctx)
	if err != nil {
		return answer, err
	}
	if key == "" || len(key) > maxIdempotencyKey {
		return answer, fault.New(fault.BadInput, fmt.Sprintf("The idempotency key must have 1 to %d characters.", maxIdempotencyKey),
			fault.Field("idempotencyKey"))
	}
	hash, err := requestHash(operation, request)
	if err != nil {
		return answer, err
	}
	// Twice: the request that held the key may have failed, and the key be free again.
	for range 2 {
		saved, found, err := savedAnswer(ctx, s.readEnt, p, key, hash)
		if err != nil {
			return answer, err
		}
		if found {
			return answer, json.Unmarshal(saved, &answer)
		}
		err = s.WithTx(ctx, func(ctx context.Context, tx *Tx) error {
			answer, err = once(ctx, tx, p, key, operation, hash, do)
			return err
		})
		if !errors.Is(err, errKeyTaken) {
			return answer, err
		}
	}
	return answer, fault.New(fault.Conflict, "Another request with the same idempotency key is at work.", fault.Field("idempotencyKey"))
}

// once claims the key, does the work and saves the answer. The claim comes first:
// a request with the same key waits for it, or fails on it, before it does anything.
func once[T any](
	ctx context.Context, tx *Tx, p principal.Principal, key, operation string, hash []byte, do func(context.Context, *Tx) (T, error),
) (answer T, err error) {
	claim, err := tx.ent.IdempotencyKey.Create().
		SetWorkspaceID(p.WorkspaceID).SetCreatedAt(tx.now).SetPrincipalID(p.ID).
		SetKey(key).SetOperation(operation).SetRequestHash(hash).Save(ctx)
	if ent.IsConstraintError(err) {
		return answer, errKeyTaken
	}
	if err != nil {
		return answer, err
	}
	if answer, err = do(ctx, tx); err != nil {
		return answer, err
	}
	saved, err := json.Marshal(answer)
	if err != nil {
		return answer, fmt.Errorf("store: idempotent answer of %s: %w", operation, err)
	}
	return answer, tx.ent.IdempotencyKey.UpdateOneID(claim.ID).SetAnswer(saved).Exec(ctx)
}

func savedAnswer(ctx context.Context, client *ent.Client, p principal.Principal, key string, hash []byte) (json.RawMessage, bool, error) {
	saved, err := client.IdempotencyKey.Query().Where(
		idempotencykey.WorkspaceID(p.WorkspaceID), idempotencykey.PrincipalID(p.ID), idempotencykey.Key(key)).Only(ctx)
	switch {
	case ent.IsNotFound(err):
		return nil, false, nil
	case err != nil:
		return nil, false, err
	case string(saved.RequestHash) != string(hash):
		return nil, false, fault.New(fault.IdempotencyMismatch, "The idempotency key was used for another request.", fault.Field("idempotencyKey"))
	default:
		return saved.Answer, true, nil
	}
}

func requestHash(operation string, request any) ([]byte, error) {
	text, err := json.Marshal(request)
	if err != nil {
		return nil, fmt.Errorf("store: idempotent request of %s: %w", operation, err)
	}
	sum := sha256.Sum256(append([]byte(operation+"\n"), text...))
	return sum[:], nil
}

// PruneIdempotencyKeys forgets the keys of all workspaces that are older than
// two days.
func (s *Store) PruneIdempotencyKeys(ctx context.Context) error {
	ctx = principal.AllWorkspaces(ctx, "idempotency retention")
	return s.WithTx(ctx, func(ctx context.Context, tx *Tx) error {
		_, err := tx.ent.IdempotencyKey.Delete().Where(idempotencykey.CreatedAtLT(tx.now.Add(-idempotencyRetention))).Exec(ctx)
		return err
	})
}
