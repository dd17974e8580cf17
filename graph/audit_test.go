package graph

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fieldwarden/fieldwarden/graph/generated"
	"github.com/fieldwarden/fieldwarden/graph/model"
	"github.com/fieldwarden/fieldwarden/internal/audit"
	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// TestEveryInputIsKeptOrWithheldOnPurpose: a field that is added to an input must be
// decided: an entry keeps its value, or somebody says here that it does not.
func TestEveryInputIsKeptOrWithheldOnPurpose(t *testing.T) {
	t.Parallel()
	withheld := map[string]bool{
		"clientSecret": true, "config": true, "document": true, "idempotencyKey": true,
		// Whoever knows the address of a Slack channel may post there; headers hold keys.
		"url": true, "headers": true,
	}
	schema := generated.NewExecutableSchema(generated.Config{}).Schema()
	seen := 0
	var walk func(definition *ast.Definition)
	walk = func(definition *ast.Definition) {
		for _, field := range definition.Fields {
			seen++
			require.NotEqual(t, withheld[field.Name], audit.Keeps(field.Name), "%s.%s: keep it or withhold it", definition.Name, field.Name)
			if inner := schema.Types[field.Type.Name()]; inner.Kind == ast.InputObject {
				walk(inner)
			}
		}
	}
	for _, mutation := range schema.Mutation.Fields {
		for _, argument := range mutation.Arguments {
			walk(schema.Types[argument.Type.Name()])
		}
	}
	require.Greater(t, seen, 80)
}

func TestTargetIsTheIDThatAnInputIsAbout(t *testing.T) {
	t.Parallel()
	schema := generated.NewExecutableSchema(generated.Config{}).Schema()
	for inputType, want := range map[string]string{
		"RunNowInput": "int_1", "CopySettingsInput": "int_3", "RemoveMemberInput": "mbr_1", "RetryFailedRecordsInput": "int_1", "InviteMemberInput": "",
	} {
		require.Equal(t, want, targetOf(schema, inputType, map[string]any{
			"integrationId": "int_1", "fromIntegrationId": "int_2", "toIntegrationId": "int_3", "memberId": "mbr_1", "failedRecordIds": []any{"frc_1"},
			"email": "somebody@example.com",
		}), inputType)
	}
}

func TestUserErrorOfAPayload(t *testing.T) {
	t.Parallel()
	require.Equal(t, fault.NotFound, userErrorOf(&model.RunNowPayload{UserErrors: []*model.UserError{{Code: fault.NotFound}, {Code: fault.Conflict}}}))
	for _, none := range []any{nil, (*model.RunNowPayload)(nil), &model.RunNowPayload{}, "text", &struct{ UserErrors int }{}} {
		require.Empty(t, userErrorOf(none))
	}
}
