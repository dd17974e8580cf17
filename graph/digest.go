package graph

import (
	"context"

	"entgo.io/contrib/entgql"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/graph/model"
)

func newestDigests() *ent.DigestOrder {
	return &ent.DigestOrder{Direction: entgql.OrderDirectionDesc, Field: ent.DefaultDigestOrder.Field}
}

// digestSettings are those of the principal's workspace.
func (r *Resolver) digestSettings(ctx context.Context) (*model.DigestSettings, error) {
	settings, err := r.Digests.Settings(ctx)
	if err != nil {
		return nil, err
	}
	return &model.DigestSettings{
		Time: settings.Time, Zone: settings.Zone, NextAt: settings.NextAt, LastAt: settings.LastAt,
		Addresses: settings.Addresses, MailConfigured: settings.MailConfigured,
	}, nil
}
