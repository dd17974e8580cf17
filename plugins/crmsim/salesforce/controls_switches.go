package salesforce

import (
	"encoding/json"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
)

// The switches that only Salesforce has, by key.
const (
	switchRotation   = "refresh_token_rotation"
	switchApp        = "app_installed"
	switchSetup      = "view_setup"
	switchAllData    = "view_all_data"
	switchExpire     = "expire_sessions"
	switchRevoke     = "revoke_authorizations"
	switchCursors    = "drop_query_locators"
	switchBulk       = "expire_bulk_jobs"
	switchResetUsage = "reset_api_usage"
	switchReset      = "reset"
)

func (c *Controls) switches() []control.Switch {
	system := c.sim.engine.view().system
	return []control.Switch{
		{
			Key: switchRotation, Title: "Refresh token rotation", Kind: control.SwitchBool, Value: c.sim.authorizations.rotates(),
			Help: "each refresh replaces the refresh token; using an old one revokes the authorization",
		},
		{
			Key: switchApp, Title: "LinkedIn app installed", Kind: control.SwitchBool, Value: c.AppInstalled(),
			Help: "its custom fields on Task and Lead, its licence, its row among the installed packages",
		},
		{
			Key: switchSetup, Title: "View Setup and Configuration", Kind: control.SwitchBool, Value: system.viewSetup,
			Help: "the integration user may ask which fields exist and who may read them",
		},
		{
			Key: switchAllData, Title: "View All Data", Kind: control.SwitchBool, Value: system.viewAllData,
			Help: "the integration user has this permission, and can ask that he has",
		},
		{
			Key: switchExpire, Title: "Expire all sessions", Kind: control.SwitchAction,
			Help: "next call: 401 INVALID_SESSION_ID; a refresh helps",
		},
		{
			Key: switchRevoke, Title: "Revoke all authorizations", Kind: control.SwitchAction, Help: "next refresh: invalid_grant",
		},
		{
			Key: switchCursors, Title: "Drop query locators", Kind: control.SwitchAction, Help: "next page: INVALID_QUERY_LOCATOR",
		},
		{
			Key: switchBulk, Title: "Expire bulk jobs", Kind: control.SwitchAction, Help: "jobs and results are gone: 404 NOT_FOUND",
		},
		{
			Key: switchResetUsage, Title: "Reset the API usage", Kind: control.SwitchAction, Help: "all calls of the day are free again",
		},
		{
			Key: switchReset, Title: "Reset rights, faults, log and usage", Kind: control.SwitchAction,
			Help: "records, tokens, rotation, the app and the two View permissions stay as they are",
		},
	}
}

// SetSwitch implements control.Switchboard.
func (b board) SetSwitch(key string, value json.RawMessage) error {
	flag := func(set func(bool)) error {
		on, err := control.ParseValue[bool](key, value)
		if err == nil {
			set(on)
		}
		return err
	}
	switch key {
	case switchRotation:
		return flag(b.SetRotation)
	case switchApp:
		return flag(b.SetAppInstalled)
	case switchSetup:
		return flag(b.SetViewSetup)
	case switchAllData:
		return flag(b.SetViewAllData)
	case switchExpire:
		b.KillAccessTokens()
	case switchRevoke:
		b.RevokeAuthorizations()
	case switchCursors:
		b.DropCursors()
	case switchBulk:
		b.ExpireBulkJobs()
	case switchResetUsage:
		b.sim.usage.reset()
	case switchReset:
		b.Reset()
	default:
		return notFound("there is no switch %q", key)
	}
	return nil
}
