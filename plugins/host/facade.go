package host

import (
	"context"
	"fmt"

	"google.golang.org/grpc"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	connectorv1 "github.com/fieldwarden/fieldwarden/plugins/proto/fieldwarden/connector/v1"
	"github.com/fieldwarden/fieldwarden/plugins/proto/validate"
)

// maxCheckBytes bounds one CheckPermissions answer as a whole.
const maxCheckBytes = 32 << 20

// describe reads a started process' manifest.
func (h *Host) describe(ctx context.Context, name string, running *process) (described, *fault.Error) {
	v := verb{name: "Describe", deadline: h.config.Timeouts.Describe}
	ctx, cancel := context.WithTimeoutCause(ctx, v.deadline, errDeadline)
	defer cancel()
	under := &call{host: h, name: name, verb: v, running: running, caller: h.life, ctx: ctx}
	response, err := connectorv1.NewConnectorServiceClient(running.conn).Describe(ctx, &connectorv1.DescribeRequest{})
	if err != nil {
		failure, _ := fault.From(under.fault(err))
		return described{}, failure
	}
	if err := validate.Describe(response); err != nil {
		return described{}, under.answerFault(err)
	}
	if got := response.GetManifest().GetName(); got != name {
		return described{}, under.answerFault(fmt.Errorf("the manifest's name is %q, it is installed as %q", got, name))
	}
	return described{manifest: manifestOf(response), sdk: response.GetSdk()}, nil
}

// Checklist tests the connection of an integration; objects are those its
// package needs.
func (h *Host) Checklist(ctx context.Context, name string, target crm.Target, objects []string) (items []crm.ChecklistItem, err error) {
	v := verb{name: "Checklist", deadline: h.config.Timeouts.Checklist, reserve: smallCallBytes}
	err = h.invoke(ctx, name, v, &target, func(c *call) error {
		response, err := connectorv1.NewConnectorServiceClient(c.running.conn).Checklist(c.ctx, &connectorv1.ChecklistRequest{
			Target: targetOf(target), Objects: objects,
		}, grpc.MaxCallRecvMsgSize(smallCallBytes))
		if err != nil {
			return err
		}
		if err := validate.Checklist(response.GetItems()); err != nil {
			return c.answerFault(err)
		}
		items = mapped(response.GetItems(), h.checklistItemOf)
		return nil
	})
	return items, err
}

// Identify tells which CRM instance and which user a token belongs to.
func (h *Host) Identify(ctx context.Context, name string, target crm.Target) (identity crm.Identity, err error) {
	v := verb{name: "Identify", deadline: h.config.Timeouts.Identify, reserve: smallCallBytes}
	err = h.invoke(ctx, name, v, &target, func(c *call) error {
		response, err := connectorv1.NewConnectorServiceClient(c.running.conn).Identify(c.ctx,
			&connectorv1.IdentifyRequest{Target: targetOf(target)}, grpc.MaxCallRecvMsgSize(smallCallBytes))
		if err != nil {
			return err
		}
		if err := validate.Identity(response.GetIdentity()); err != nil {
			return c.answerFault(err)
		}
		identity = identityOf(response.GetIdentity())
		return nil
	})
	return identity, err
}

// ListObjects returns the CRM's catalogue of objects.
func (h *Host) ListObjects(ctx context.Context, name string, target crm.Target) (objects []crm.ObjectInfo, err error) {
	v := verb{name: "ListObjects", capability: crm.CanListObjects, deadline: h.config.Timeouts.List, reserve: maxCallBytes}
	err = h.invoke(ctx, name, v, &target, func(c *call) error {
		response, err := connectorv1.NewPermissionsServiceClient(c.running.conn).ListObjects(c.ctx, &connectorv1.ListObjectsRequest{Target: targetOf(target)})
		if err != nil {
			return err
		}
		if err := validate.Objects(response.GetObjects()); err != nil {
			return c.answerFault(err)
		}
		objects = mapped(response.GetObjects(), objectOf)
		return nil
	})
	return objects, err
}

// ListFields returns the readable fields of an object; one that is missing or
// denied is fault.CRMObjectDenied.
func (h *Host) ListFields(ctx context.Context, name string, target crm.Target, object string) (fields []crm.FieldInfo, err error) {
	v := verb{name: "ListFields", capability: crm.CanListFields, deadline: h.config.Timeouts.List, reserve: maxCallBytes}
	err = h.invoke(ctx, name, v, &target, func(c *call) error {
		response, err := connectorv1.NewPermissionsServiceClient(c.running.conn).ListFields(c.ctx, &connectorv1.ListFieldsRequest{
			Target: targetOf(target), Object: object,
		})
		if err != nil {
			return err
		}
		if err := validate.Fields(response.GetFields()); err != nil {
			return c.answerFault(err)
		}
		fields = mapped(response.GetFields(), fieldOf)
		return nil
	})
	return fields, err
}

// ListPicklist returns the choices of a source in the CRM's order.
func (h *Host) ListPicklist(ctx context.Context, name string, target crm.Target, source crm.PicklistSource) (choices []crm.Choice, err error) {
	v := verb{name: "ListPicklist", capability: crm.CanListPicklist, deadline: h.config.Timeouts.List, reserve: maxCallBytes}
	err = h.invoke(ctx, name, v, &target, func(c *call) error {
		response, err := connectorv1.NewSyncServiceClient(c.running.conn).ListPicklist(c.ctx, &connectorv1.ListPicklistRequest{
			Target: targetOf(target), Source: connectorv1.PicklistSource(connectorv1.PicklistSource_value["PICKLIST_SOURCE_"+string(source)]),
		})
		if err != nil {
			return err
		}
		if err := validate.Choices(response.GetChoices()); err != nil {
			return c.answerFault(err)
		}
		choices = mapped(response.GetChoices(), choiceOf)
		return nil
	})
	return choices, err
}

func targetOf(target crm.Target) *connectorv1.Target {
	environment := connectorv1.Environment_ENVIRONMENT_PRODUCTION
	if target.Environment == crm.Sandbox {
		environment = connectorv1.Environment_ENVIRONMENT_SANDBOX
	}
	return &connectorv1.Target{
		IntegrationId: target.IntegrationID, Environment: environment, Endpoint: target.Endpoint,
		AccessToken: target.AccessToken.Reveal(), Config: string(target.Config),
		Introspection: string(target.Introspection), Memo: target.Memo,
	}
}
