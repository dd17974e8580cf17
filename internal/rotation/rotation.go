// Package rotation changes the encryption key while everything goes on (requirement
// O1).
//
// It has three steps. A new key is added to the key file. It becomes the primary one,
// and everything that is stored sealed is sealed anew with it, in small transactions
// that compare before they swap, so that a token refresh meanwhile is not lost. Once
// nothing is sealed by the older keys they are removed. Each step can be repeated
// after a crash: until the last one every key that ever sealed something is in the
// file.
package rotation

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/idempotencykey"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/plural"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/secret"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// batch is how many secrets one transaction seals anew.
const batch = 200

// rounds bounds how often what was written meanwhile is looked for again.
const rounds = 5

// Stage is how far Rotate goes.
type Stage string

// Stages of Rotate.
const (
	// StageAll adds a key and seals everything anew with it: for one node, or nodes
	// that share a key file.
	StageAll Stage = "all"
	// StageAdd only adds a key that does not seal yet, so that the key file can be
	// brought to every node first.
	StageAdd Stage = "add"
	// StageReseal makes the newest key the primary one and seals everything anew.
	StageReseal Stage = "reseal"
)

// Progress tells how a rotation goes on.
type Progress struct {
	// Step is "added", "promoted", "resumed", "resealed" or "done".
	Step  string       `json:"step"`
	Key   secret.KeyID `json:"key,omitempty"`
	Table string       `json:"table,omitempty"`
	// Resealed counts the secrets of the table that were sealed anew.
	Resealed int `json:"resealed,omitempty"`
}

// Rotator rotates the key of a store.
type Rotator struct {
	Store *store.Store
	Box   *secret.Box
}

// Rotate goes through the stage and tells of each step. With StageAll, a rotation that
// was broken off is finished instead of another one begun.
func (r Rotator) Rotate(ctx context.Context, stage Stage, tell func(Progress)) error {
	switch stage {
	case StageAdd:
		_, err := r.add(tell)
		return err
	case StageReseal:
		return r.reseal(ctx, r.Box.Newest(), tell)
	case StageAll:
	default:
		return fault.New(fault.BadInput, fmt.Sprintf("The stage %q is not known.", stage), fault.Hint("Say all, add or reseal."))
	}
	left, err := r.Left(ctx)
	if err != nil {
		return err
	}
	if left > 0 {
		tell(Progress{Step: "resumed", Key: r.Box.Primary()})
		return r.resealAll(ctx, tell)
	}
	added, err := r.add(tell)
	if err != nil {
		return err
	}
	return r.reseal(ctx, added, tell)
}

func (r Rotator) add(tell func(Progress)) (secret.KeyID, error) {
	added, err := r.Box.AddKey()
	if err == nil {
		tell(Progress{Step: "added", Key: added})
	}
	return added, err
}

func (r Rotator) reseal(ctx context.Context, key secret.KeyID, tell func(Progress)) error {
	if key != r.Box.Primary() {
		if err := r.Box.Promote(key); err != nil {
			return err
		}
		tell(Progress{Step: "promoted", Key: key})
	}
	return r.resealAll(ctx, tell)
}

// resealAll goes over all columns until nothing is sealed by another key. What is
// sealed by an older key while it goes on, by a node that has not yet read the new
// file, is met by the next round.
func (r Rotator) resealAll(ctx context.Context, tell func(Progress)) error {
	for range rounds {
		for _, column := range store.SealedColumns() {
			if err := r.resealColumn(ctx, column, tell); err != nil {
				return err
			}
		}
		if err := r.resealAnswers(ctx, tell); err != nil {
			return err
		}
		left, err := r.Left(ctx)
		if err != nil {
			return err
		}
		if left == 0 {
			tell(Progress{Step: "done", Key: r.Box.Primary()})
			return nil
		}
	}
	return fault.New(fault.Conflict, "Secrets are still being sealed with an older key.",
		fault.Hint("Bring the key file to every node of this database, then run the command again."))
}

func (r Rotator) resealColumn(ctx context.Context, column store.SealedColumn, tell func(Progress)) error {
	after, total := "", 0
	for {
		values, err := r.Store.SealedElsewise(ctx, column, r.Box.Primary().Prefix(), after, batch)
		if err != nil {
			return err
		}
		if len(values) == 0 {
			if total > 0 {
				tell(Progress{Step: "resealed", Table: column.Table, Resealed: total})
			}
			return nil
		}
		anew := make([][]byte, len(values))
		for i, value := range values {
			subject := value.Subject
			if column == store.KeyCheckColumn() {
				subject = secret.CanarySubject
			}
			if anew[i], err = r.Box.Reseal(value.WorkspaceID, subject, value.Sealed); err != nil {
				return fmt.Errorf("%s %s: %w", column.Table, value.Key, err)
			}
		}
		replaced, err := r.Store.Reseal(ctx, column, values, anew)
		if err != nil {
			return err
		}
		total += replaced
		after = values[len(values)-1].Key
	}
}

// ticketAnswer is the part of startIntegration's saved answer that is sealed: a
// repeat of the mutation gets the same sign-in link.
type ticketAnswer struct {
	StateID      string
	SealedTicket []byte
}

const ticketOperation = "startIntegration"

// resealAnswers seals the sign-in tickets in saved answers anew. They are few: an
// answer is kept for two days.
func (r Rotator) resealAnswers(ctx context.Context, tell func(Progress)) error {
	stale, err := r.staleAnswers(ctx)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(stale, batch) {
		err := r.Store.WithTx(principal.AllWorkspaces(ctx, "key rotation"), func(ctx context.Context, tx *store.Tx) error {
			for _, row := range part {
				answer, err := r.resealAnswer(row)
				if err != nil {
					return err
				}
				if err := tx.Ent().IdempotencyKey.UpdateOneID(row.ID).SetAnswer(answer).Exec(ctx); err != nil {
					return fmt.Errorf("rotation: saved answers: %w", err)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if len(stale) > 0 {
		tell(Progress{Step: "resealed", Table: idempotencykey.Table, Resealed: len(stale)})
	}
	return nil
}

func (r Rotator) staleAnswers(ctx context.Context) ([]*ent.IdempotencyKey, error) {
	rows, err := r.Store.Read().IdempotencyKey.Query().
		Where(idempotencykey.Operation(ticketOperation)).All(principal.AllWorkspaces(ctx, "key rotation"))
	if err != nil {
		return nil, fmt.Errorf("rotation: saved answers: %w", err)
	}
	return slices.DeleteFunc(rows, func(row *ent.IdempotencyKey) bool {
		var answer ticketAnswer
		if json.Unmarshal(row.Answer, &answer) != nil || answer.SealedTicket == nil {
			return true
		}
		by, _ := secret.SealedBy(answer.SealedTicket)
		return by == r.Box.Primary()
	}), nil
}

// resealAnswer keeps all of an answer but the ticket as it is.
func (r Rotator) resealAnswer(row *ent.IdempotencyKey) (json.RawMessage, error) {
	var answer ticketAnswer
	all := map[string]json.RawMessage{}
	if err := json.Unmarshal(row.Answer, &answer); err != nil {
		return nil, fmt.Errorf("rotation: saved answers: %w", err)
	}
	if err := json.Unmarshal(row.Answer, &all); err != nil {
		return nil, fmt.Errorf("rotation: saved answers: %w", err)
	}
	sealed, err := r.Box.Reseal(row.WorkspaceID, answer.StateID, answer.SealedTicket)
	if err != nil {
		return nil, err
	}
	if all["SealedTicket"], err = json.Marshal(sealed); err != nil {
		return nil, fmt.Errorf("rotation: saved answers: %w", err)
	}
	return json.Marshal(all)
}

// Left counts what is sealed by another than the primary key; at most batch of each
// place is counted.
func (r Rotator) Left(ctx context.Context) (int, error) {
	stale, err := r.staleAnswers(ctx)
	if err != nil {
		return 0, err
	}
	left := len(stale)
	for _, column := range store.SealedColumns() {
		values, err := r.Store.SealedElsewise(ctx, column, r.Box.Primary().Prefix(), "", batch)
		if err != nil {
			return 0, err
		}
		left += len(values)
	}
	return left, nil
}

// Prune removes the older keys from the key file and returns how many there were. It
// is refused (CONFLICT) while anything is sealed by one of them, and while a newer key
// was added that does not seal yet: it would be taken for an older one. Should a slow
// node have used an older one at the last moment, the keys come back.
func (r Rotator) Prune(ctx context.Context) (int, error) {
	older := len(r.Box.Keys()) - 1
	if older == 0 {
		return 0, nil
	}
	if staged := r.Box.Newest(); staged != r.Box.Primary() {
		return 0, fault.New(fault.Conflict, fmt.Sprintf("The key %v was added and does not seal yet.", staged),
			fault.Hint("Run \"fieldwarden keys rotate --stage reseal\" first: it makes that key the one that seals."))
	}
	if err := r.nothingLeft(ctx); err != nil {
		return 0, err
	}
	undo, err := r.Box.Prune()
	if err != nil {
		return 0, err
	}
	if err := r.nothingLeft(ctx); err != nil {
		if undoErr := undo(); undoErr != nil {
			return 0, fmt.Errorf("%w; and the older keys could not be put back: %w", err, undoErr)
		}
		return 0, err
	}
	return older, nil
}

func (r Rotator) nothingLeft(ctx context.Context) error {
	left, err := r.Left(ctx)
	if err == nil && left > 0 {
		err = fault.New(fault.Conflict, plural.Of(left, "secret is", "secrets are")+" still sealed by an older key.",
			fault.Hint("Run \"fieldwarden keys rotate\" first: it seals them anew."))
	}
	return err
}
