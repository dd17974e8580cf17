package server

import (
	"context"
	"slices"

	"github.com/fieldwarden/fieldwarden/graph/model"
	"github.com/fieldwarden/fieldwarden/internal/alert"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/plugins/host"
)

// catalogue shows the connector host's statuses as the API's connectors.
type catalogue struct {
	host    *host.Host
	docsURL string
}

// All returns every connector, sorted by name.
func (c catalogue) All() []*model.Connector {
	statuses := c.host.Manifests()
	shown := make([]*model.Connector, len(statuses))
	for i, status := range statuses {
		shown[i] = c.show(status)
	}
	return shown
}

// Named returns one connector.
func (c catalogue) Named(name string) (*model.Connector, bool) {
	status, err := c.host.Status(name)
	if err != nil {
		return nil, false
	}
	return c.show(status), true
}

func (c catalogue) show(status host.Status) *model.Connector {
	manifest := crm.Manifest{Name: status.Name, Title: status.Name, Kind: crm.KindCRM}
	if status.Manifest != nil {
		manifest = *status.Manifest
	}
	shown := &model.Connector{
		Name: status.Name, Title: manifest.Title, Vendor: manifest.Vendor, Version: manifest.Version, IconSVG: manifest.IconSVG,
		Kind: manifest.Kind, Status: connectorStatus(status.State), Checksum: status.SHA256, Crashes: status.Crashes,
		Capabilities: append([]crm.Capability{}, manifest.Capabilities...), Environments: []crm.Environment{},
		Prerequisites: []*crm.Prerequisite{}, Protections: []*model.Protection{}, Grants: []crm.GrantType{}, ConfigSchema: manifest.ConfigSchema,
	}
	for _, spec := range manifest.Environments {
		shown.Environments = append(shown.Environments, spec.Environment)
		for _, grant := range spec.OAuth.Grants {
			if !slices.Contains(shown.Grants, grant) {
				shown.Grants = append(shown.Grants, grant)
			}
		}
	}
	for _, api := range manifest.APIs() {
		shown.APITypes = append(shown.APITypes, &api)
	}
	for i := range manifest.Prerequisites {
		shown.Prerequisites = append(shown.Prerequisites, &manifest.Prerequisites[i])
	}
	for _, protection := range status.Protections {
		shown.Protections = append(shown.Protections, &model.Protection{
			Name: protection.Name, Level: model.ProtectionLevel(protection.Level), Note: protection.Note,
		})
	}
	if status.LastFault != nil && shown.Status != model.ConnectorStatusLoaded {
		shown.Problem = c.problem(status.LastFault)
	}
	return shown
}

func (c catalogue) problem(f *fault.Error) *model.Problem {
	return &model.Problem{
		Code: f.Code, Side: f.Info().Side, Message: f.Message, Hint: f.WhatToDo(), DocsURL: c.docsURL + "#" + string(f.Code),
	}
}

// connectorStatus shows a connector that was not started yet as one that can be.
func connectorStatus(state host.State) model.ConnectorStatus {
	if state == host.StateNew {
		return model.ConnectorStatusLoaded
	}
	return model.ConnectorStatus(state)
}

// watchConnectors tells the alerts how the connectors of this node do.
func (s *Server) watchConnectors(ctx context.Context) error {
	var connectors []alert.ConnectorHealth
	for _, status := range s.host.Manifests() {
		one := alert.ConnectorHealth{Name: status.Name, Title: status.Name}
		if status.Manifest != nil {
			one.Title = status.Manifest.Title
		}
		switch status.State {
		case host.StateNew, host.StateFailing:
			continue // the next call tells
		case host.StateLoaded:
			one.Works = true
		default:
			one.Reason = string(status.State)
			if status.LastFault != nil {
				one.Reason += ": " + status.LastFault.Message
			}
		}
		connectors = append(connectors, one)
	}
	return s.cases.triage.WatchConnectors(ctx, connectors)
}
