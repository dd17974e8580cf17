package permission

import (
	"context"
	"fmt"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/permissionsnapshot"
	"github.com/fieldwarden/fieldwarden/ent/snapshotobject"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// Comparison is what lies between two snapshots of one integration.
type Comparison struct {
	From, To    *ent.PermissionSnapshot
	Differences []crm.SeenDifference
}

// Compare tells what changed between two stored snapshots, asking nobody (requirement
// J3). NOT_FOUND for ids that name no snapshot, BAD_INPUT for snapshots of two
// integrations. Only the objects that differ are unpacked.
func (s *Service) Compare(ctx context.Context, fromID, toID string) (Comparison, error) {
	client := s.store.Read()
	rows, err := client.PermissionSnapshot.Query().Where(permissionsnapshot.IDIn(fromID, toID)).All(ctx)
	if err != nil {
		return Comparison{}, fmt.Errorf("permission: snapshots: %w", err)
	}
	compared := Comparison{}
	for _, row := range rows {
		if row.ID == fromID {
			compared.From = row
		}
		if row.ID == toID {
			compared.To = row
		}
	}
	switch {
	case compared.From == nil:
		return Comparison{}, fault.New(fault.NotFound, "There is no such snapshot.", fault.Field("from"))
	case compared.To == nil:
		return Comparison{}, fault.New(fault.NotFound, "There is no such snapshot.", fault.Field("to"))
	case compared.From.IntegrationID != compared.To.IntegrationID:
		return Comparison{}, fault.New(fault.BadInput, "The snapshots are of two integrations.", fault.Field("to"))
	}
	from, to, err := contents(ctx, client, compared.From, compared.To)
	if err != nil {
		return Comparison{}, err
	}
	compared.Differences = crm.DiffSeen(from, to)
	return compared, nil
}

// contents unpacks the objects in which two snapshots differ.
func contents(ctx context.Context, client *ent.Client, from, to *ent.PermissionSnapshot) (before, after map[string]crm.SeenObject, err error) {
	var hashes []string
	for name, hash := range from.Objects {
		if to.Objects[name] != hash {
			hashes = append(hashes, hash)
		}
	}
	for name, hash := range to.Objects {
		if from.Objects[name] != hash {
			hashes = append(hashes, hash)
		}
	}
	before, after = map[string]crm.SeenObject{}, map[string]crm.SeenObject{}
	if len(hashes) == 0 {
		return before, after, nil
	}
	rows, err := client.SnapshotObject.Query().
		Where(snapshotobject.IntegrationID(from.IntegrationID), snapshotobject.ContentHashIn(hashes...)).All(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("permission: contents of snapshots: %w", err)
	}
	for _, row := range rows {
		inFrom, inTo := from.Objects[row.ObjectName] == row.ContentHash, to.Objects[row.ObjectName] == row.ContentHash
		if inFrom == inTo {
			continue
		}
		seen, err := unpack(row.Body)
		if err != nil {
			return nil, nil, err
		}
		if inFrom {
			before[row.ObjectName] = seen
		} else {
			after[row.ObjectName] = seen
		}
	}
	return before, after, nil
}
