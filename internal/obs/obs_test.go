package obs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/obs"
)

const (
	access  = "00D5j00000ABCDE!AQ8AQPcanary.Zq_1"
	refresh = "5Aep861canaryRefreshToken.x1"
	bearer  = "fw_canaryAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)

func TestTextMasksEverythingThatLooksLikeASecret(t *testing.T) {
	t.Parallel()
	r := obs.NewRedactor()
	r.Register("operator-canary", "short")
	for text, want := range map[string]string{
		"Authorization: Bearer canaryAAAA.bbbCCCCC":              "Authorization: Bearer [secret]",
		"authorization: basic Y2FuYXJ5OmNhbmFyeQ==":              "authorization: basic [secret]",
		"token " + access + " refused":                           "token [secret] refused",
		"t=00D5j00000ABCDE%21AQcanary&x=1":                       "t=[secret]&x=1",
		"sent " + refresh:                                        "sent [secret]",
		"login with " + bearer:                                   "login with [secret]",
		"grant_type=x&refresh_token=canary&client_id=keep":       "grant_type=x&refresh_token=[secret]&client_id=keep",
		`{"access_token":"canary","scope":"api"}`:                `{"access_token":"[secret]","scope":"api"}`,
		`{"client_secret" : "canary"}`:                           `{"client_secret" : "[secret]"}`,
		"GET /oauth/callback?code=canary&state=canary&error=no":  "GET /oauth/callback?code=[secret]&state=[secret]&error=no",
		"GET /oauth/start?ticket=canary":                         "GET /oauth/start?ticket=[secret]",
		"postgres://app:canary@db:5432/fw":                       "postgres://app:[secret]@db:5432/fw",
		"the operator-canary of the file":                        "the [secret] of the file",
		"short words and status code=200 stay; 00D5j00000ABCDE!": "short words and status code=200 stay; 00D5j00000ABCDE!",
		"an error code: 5 in state: ACTIVE":                      "an error code: 5 in state: ACTIVE",
		"a bearer credential, basic settings":                    "a bearer credential, basic settings",
	} {
		require.Equal(t, want, r.Text(text))
	}
}

// TestNoSecretPassesTheLogger logs a canary in every place that a log line has.
func TestNoSecretPassesTheLogger(t *testing.T) {
	t.Parallel()
	type body struct{ Token string }
	for _, format := range []obs.Format{obs.JSON, obs.Text} {
		var out bytes.Buffer
		log, err := obs.NewLogger(&out, obs.Options{Format: format, Level: slog.LevelDebug})
		require.NoError(t, err)
		log = log.With("with", refresh).WithGroup("group")
		log.Info("message "+access,
			"string", bearer,
			"error", fmt.Errorf("outer: %w", errors.New(access)),
			"struct", body{Token: access}, "pointer", &body{Token: refresh},
			"slice", []string{bearer}, "map", map[string]string{"a": access},
			"bytes", []byte(refresh), "url", &url.URL{Path: "/x", RawQuery: "code=canary-code"},
			"secret", crm.Secret("canary-typed"),
			slog.Group("inner", "deep", access, "number", 5))
		require.NotContains(t, out.String(), "canary", format)
		require.Contains(t, out.String(), "number", format)
	}
}

func TestHandlerKeepsHarmlessValuesAndAddsTheRequest(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log, err := obs.NewLogger(&out, obs.Options{Format: obs.JSON})
	require.NoError(t, err)
	id := obs.NewRequestID()
	ctx := obs.WithRequestID(context.Background(), id)
	log.DebugContext(ctx, "below the level")
	log.InfoContext(ctx, "counted", "objects", []string{"Account", "Contact"}, "n", 2, obs.Err(errors.New("plain")), "nothing", nil)
	var line map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &line), out.String())
	require.Equal(t, []any{"Account", "Contact"}, line["objects"])
	require.EqualValues(t, 2, line["n"])
	require.Equal(t, "plain", line[obs.KeyError])
	require.Equal(t, id, line[obs.KeyRequest])
	require.NotEqual(t, id, obs.NewRequestID())
	require.Empty(t, obs.RequestID(context.Background()))
}

func TestNewLoggerRefusesAnUnknownFormat(t *testing.T) {
	t.Parallel()
	_, err := obs.NewLogger(&bytes.Buffer{}, obs.Options{Format: "xml"})
	require.ErrorContains(t, err, `"xml"`)
}
