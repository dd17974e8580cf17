package graph

import (
	"context"
	"fmt"
	"strings"

	"entgo.io/contrib/entgql"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/channel"
	"github.com/fieldwarden/fieldwarden/ent/delivery"
	"github.com/fieldwarden/fieldwarden/ent/digest"
	"github.com/fieldwarden/fieldwarden/ent/predicate"
	"github.com/fieldwarden/fieldwarden/graph/model"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/notify"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

func channelsByName() *ent.ChannelOrder {
	return &ent.ChannelOrder{Direction: entgql.OrderDirectionAsc, Field: ent.ChannelOrderFieldName}
}

func newestDeliveries() *ent.DeliveryOrder {
	return &ent.DeliveryOrder{Direction: entgql.OrderDirectionDesc, Field: ent.DefaultDeliveryOrder.Field}
}

// deliveriesLike turns a filter into conditions.
func deliveriesLike(filter *model.DeliveryFilterInput) (where []predicate.Delivery) {
	if filter == nil {
		return nil
	}
	if filter.States != nil {
		where = append(where, delivery.StateIn(filter.States...))
	}
	if filter.Kinds != nil {
		where = append(where, delivery.KindIn(filter.Kinds...))
	}
	if filter.ChannelID != nil {
		where = append(where, delivery.ChannelID(*filter.ChannelID))
	}
	if filter.Address != nil {
		where = append(where, delivery.Address(strings.ToLower(strings.TrimSpace(*filter.Address))))
	}
	if filter.AlertID != nil {
		where = append(where, delivery.AlertID(*filter.AlertID))
	}
	return where
}

func headersOf(inputs []*model.HeaderInput) []notify.Header {
	headers := make([]notify.Header, len(inputs))
	for i, input := range inputs {
		headers[i] = notify.Header{Name: input.Name, Value: input.Value}
	}
	return headers
}

// given is the text that was given; empty when there was none.
func given(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// answered is a status code, nil when there was no answer.
func answered(code int) *int {
	if code == 0 {
		return nil
	}
	return &code
}

// deliveryChannel loads a delivery's channel; nil for a mail, and when the channel was
// removed.
func (r *Resolver) deliveryChannel(ctx context.Context, of *ent.Delivery) (*ent.Channel, error) {
	if of.ChannelID == "" {
		return nil, nil //nolint:nilnil // null is the answer
	}
	return r.loaders(ctx).channels.Load(ctx, of.ChannelID)
}

func (r *Resolver) deliveryAlert(ctx context.Context, of *ent.Delivery) (*ent.Alert, error) {
	if of.AlertID == "" {
		return nil, nil //nolint:nilnil // null is the answer
	}
	return r.loaders(ctx).alerts.Load(ctx, of.AlertID)
}

func (r *Resolver) deliveryDigest(ctx context.Context, of *ent.Delivery) (*ent.Digest, error) {
	if of.DigestID == "" {
		return nil, nil //nolint:nilnil // null is the answer
	}
	return r.loaders(ctx).digests.Load(ctx, of.DigestID)
}

func channelsByID(s *store.Store) func(context.Context, []string) ([]*ent.Channel, []error) {
	return rowsOrNil("channels", func(ctx context.Context, ids []string) ([]*ent.Channel, error) {
		return s.Read().Channel.Query().Where(channel.IDIn(ids...)).All(ctx)
	}, func(row *ent.Channel) string { return row.ID })
}

func digestsByID(s *store.Store) func(context.Context, []string) ([]*ent.Digest, []error) {
	return rowsOrNil("digests", func(ctx context.Context, ids []string) ([]*ent.Digest, error) {
		return s.Read().Digest.Query().Where(digest.IDIn(ids...)).All(ctx)
	}, func(row *ent.Digest) string { return row.ID })
}

// waitingDeliveries counts what waits for channels.
func waitingDeliveries(s *store.Store) func(context.Context, []string) ([]int, []error) {
	return func(ctx context.Context, ids []string) ([]int, []error) {
		var counts []struct {
			ChannelID string `json:"channel_id"`
			Count     int    `json:"count"`
		}
		err := s.Read().Delivery.Query().Where(delivery.ChannelIDIn(ids...), delivery.StateEQ(crm.DeliveryPending)).
			GroupBy(delivery.FieldChannelID).Aggregate(ent.Count()).Scan(ctx, &counts)
		if err != nil {
			return nil, []error{fmt.Errorf("graph: counting deliveries: %w", err)}
		}
		found := map[string]int{}
		for _, one := range counts {
			found[one.ChannelID] = one.Count
		}
		return inOrder(ids, found, func(string) (int, error) { return 0, nil })
	}
}
