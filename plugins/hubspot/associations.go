package hubspot

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// association is one associated record, in the form in which records hold it.
type association struct {
	ID    number            `json:"id"`
	Types []associationType `json:"types"`
}

// associationType is the meaning of an association. HubSpot's own primary and plain
// types have no label.
type associationType struct {
	Category string  `json:"category"`
	TypeID   int     `json:"typeId"`
	Label    *string `json:"label"`
}

// associationsReply is the answer of a batch read of associations.
type associationsReply struct {
	Results []struct {
		From struct {
			ID number `json:"id"`
		} `json:"from"`
		To []struct {
			ID    number            `json:"toObjectId"`
			Types []associationType `json:"associationTypes"`
		} `json:"to"`
		Paging struct {
			Next struct {
				After string `json:"after"`
			} `json:"next"`
		} `json:"paging"`
	} `json:"results"`
	Errors []partError `json:"errors"`
}

// associations reads the associations of rows with another object, by record id.
// A page of records is below HubSpot's limit of 1,000 inputs; a record with very
// many associations is asked for again until they are complete.
func (r *reader) associations(ctx context.Context, to string, rows []row) (map[string][]association, error) {
	body := batchBody{}
	for _, row := range rows {
		body.Inputs = append(body.Inputs, batchID{ID: string(row.ID)})
	}
	found := make(map[string][]association, len(rows))
	for len(body.Inputs) > 0 {
		var reply associationsReply
		_, err := r.call(ctx, request{path: r.api().associations(r.object.name, to), body: body, about: r.object}, &reply)
		if _, refused := denialOf(err); refused {
			return nil, sdk.FieldDenied(r.object.name, associationPrefix+to, messageOf(err))
		}
		if err != nil {
			return nil, err
		}
		if err := r.checkParts(to, reply); err != nil {
			return nil, err
		}
		asked := body.Inputs
		body.Inputs = nil
		for _, result := range reply.Results {
			id := string(result.From.ID)
			for _, one := range result.To {
				found[id] = append(found[id], association{one.ID, one.Types})
			}
			if after := result.Paging.Next.After; after != "" {
				if next := (batchID{id, after}); slices.Contains(asked, next) {
					return nil, sdk.BadResponse("HubSpot's associations of " + r.object.name + " point to the same page again")
				}
				body.Inputs = append(body.Inputs, batchID{id, after})
			}
		}
	}
	return found, nil
}

// checkParts tells records without associations, which HubSpot may report as
// errors, from those whose associations could not be read.
func (r *reader) checkParts(to string, reply associationsReply) error {
	if reply.Results == nil {
		return sdk.BadResponse("HubSpot answered the associations of " + r.object.name + " with something else")
	}
	for _, part := range reply.Errors {
		none := part.Category == "OBJECT_NOT_FOUND" || bytes.Contains(part.SubCategory, []byte("NO_ASSOCIATIONS_FOUND"))
		if !none {
			return sdk.BadResponse("HubSpot could not read all associations of " + r.object.name + " with " + to + ": " + excerpt(part.Category+" "+part.Message))
		}
	}
	for _, result := range reply.Results {
		for _, one := range result.To {
			if one.ID == "" {
				return errNoRecord(to)
			}
		}
	}
	return nil
}

// sorted brings associations into an order of their own, so that the same ones
// are always written alike. An empty list is a list.
func sorted(list []association) []association {
	list = append([]association{}, list...)
	slices.SortFunc(list, func(a, b association) int { return cmp.Compare(numeric(a.ID), numeric(b.ID)) })
	for i := range list {
		list[i].Types = append([]associationType{}, list[i].Types...)
		slices.SortFunc(list[i].Types, func(a, b associationType) int {
			return cmp.Or(cmp.Compare(a.Category, b.Category), cmp.Compare(a.TypeID, b.TypeID))
		})
	}
	return list
}

func numeric(id number) uint64 {
	n, _ := strconv.ParseUint(string(id), 10, 64) // zero sorts first
	return n
}
