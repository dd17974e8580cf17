package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
)

// Introspecting makes calls as Service.Call does, with the CRM's introspection of
// the access token in the target where the connector's manifest offers it: for
// calls that judge what the token may do.
type Introspecting struct{ service *Service }

// Introspecting returns the caller for calls that judge a token.
func (s *Service) Introspecting() Introspecting { return Introspecting{service: s} }

// Call is Service.Call. A token that the CRM calls inactive counts as refused: it
// is refreshed, and do runs with the new one.
func (i Introspecting) Call(ctx context.Context, integrationID string, do func(ctx context.Context, connector string, t crm.Target) error) error {
	return i.service.Call(ctx, integrationID, func(ctx context.Context, connector string, t crm.Target) error {
		row, err := snapshot.Find(ctx, i.service.c.Store.Read(), integrationID)
		if err != nil {
			return err
		}
		d, err := i.service.describe(row.Connector, row.Environment, row.Config)
		if err != nil {
			return err
		}
		if t.Introspection, err = i.service.introspect(ctx, d, row, t.AccessToken); err != nil {
			return err
		}
		return do(ctx, connector, t)
	})
}

// introspect asks the CRM about an access token (RFC 7662); nil where it offers no
// introspection. Errors: fault.CRMUnauthenticated for a token that has ended, and
// those of a token request.
func (s *Service) introspect(ctx context.Context, d described, row *ent.Integration, token crm.Secret) (json.RawMessage, error) {
	if d.oauth.IntrospectURL == "" {
		return nil, nil
	}
	client, err := s.client(ctx, row.Connector, row.Environment)
	if err != nil {
		return nil, err
	}
	form := url.Values{"client_id": {client.ID}, "token": {token.Reveal()}, "token_type_hint": {"access_token"}}
	if client.Secret != "" {
		form.Set("client_secret", client.Secret.Reveal())
	}
	response, err := s.post(ctx, d.oauth.IntrospectURL, form)
	if err != nil {
		return nil, transportFault(d.manifest.Title, err)
	}
	answer, readable := decodeAnswer(response.Body)
	if response.Status != http.StatusOK {
		result, failure := s.refusal(d, response, answer, form)
		if result == refused {
			return nil, fault.New(fault.CRMUnauthenticated, fmt.Sprintf("%s does not know the access token.", d.manifest.Title))
		}
		return nil, failure
	}
	active, known := answer["active"].(bool)
	if !readable || !known {
		return nil, fault.New(fault.CRMBadResponse, fmt.Sprintf("%s did not say whether the access token is active.", d.manifest.Title))
	}
	if !active {
		return nil, fault.New(fault.CRMUnauthenticated, fmt.Sprintf("%s says that the access token has ended.", d.manifest.Title))
	}
	plain, err := json.Marshal(withoutTokens(answer))
	if err != nil {
		return nil, fmt.Errorf("encode introspection: %w", err)
	}
	return plain, nil
}

// withoutTokens keeps what an introspection says and drops what could be a secret:
// members named after a token, and texts inside of other objects.
func withoutTokens(answer tokenAnswer) map[string]any {
	kept := map[string]any{}
	for name, value := range answer {
		if strings.Contains(name, "token") && name != "token_use" && name != "token_type" {
			nested, isObject := value.(map[string]any)
			if !isObject {
				continue
			}
			value = withoutTexts(nested)
		}
		kept[name] = value
	}
	return kept
}

func withoutTexts(object map[string]any) map[string]any {
	kept := map[string]any{}
	for name, value := range object {
		switch value.(type) {
		case bool, json.Number:
			kept[name] = value
		}
	}
	return kept
}
