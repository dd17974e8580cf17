package integration

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/apibudget"
	"github.com/fieldwarden/fieldwarden/ent/apiusage"
	"github.com/fieldwarden/fieldwarden/ent/crmfield"
	"github.com/fieldwarden/fieldwarden/ent/crmobject"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// Keys of the checklist items that the host adds to those of the connector, in their
// order (requirement C7). They tell what only the host knows and cost no call.
const (
	itemToken           = "token"
	itemRightInstance   = "right-instance"
	itemAPIBudget       = "api-budget"
	itemDailyBudget     = "daily-budget"
	itemRequiredObjects = "required-objects"
	itemRequiredFields  = "required-fields"
	itemDedicatedUser   = "dedicated-user"

	// itemIntegrationUser is the key by which a connector itself judges who signed in.
	itemIntegrationUser = "integration-user"
)

// namedAtMost is how many objects or fields an item names before it counts them.
const namedAtMost = 10

// saveChecklist saves what a connection test found together with what the host
// knows; nil items, of a test that could not be made, leave the old ones.
func (s *Service) saveChecklist(ctx context.Context, tx *store.Tx, row *ent.Integration, items []crm.ChecklistItem) (*ent.Integration, error) {
	if items == nil {
		return row, nil
	}
	own, err := s.hostItems(ctx, tx, row)
	if err != nil {
		return nil, err
	}
	saved, err := tx.Ent().Integration.UpdateOne(row).
		SetChecklist(withHostItems(items, own)).SetChecklistAt(tx.Now()).SetUpdatedAt(tx.Now()).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("save checklist: %w", err)
	}
	return saved, nil
}

// withHostItems adds the host's items to the connector's. What a connector judges
// itself it knows better.
func withHostItems(items, own []crm.ChecklistItem) []crm.ChecklistItem {
	given := map[string]bool{}
	for _, item := range items {
		given[item.Key] = true
	}
	given[itemDedicatedUser] = given[itemDedicatedUser] || given[itemIntegrationUser]
	all := slices.Clone(items)
	for _, item := range own {
		if !given[item.Key] {
			all = append(all, item)
		}
	}
	return all
}

// replaceItems puts newer items in the place of those with the same keys.
func replaceItems(items, newer []crm.ChecklistItem) []crm.ChecklistItem {
	replaced := slices.Clone(items)
	for i, item := range replaced {
		if n := slices.IndexFunc(newer, func(one crm.ChecklistItem) bool { return one.Key == item.Key }); n >= 0 {
			replaced[i] = newer[n]
		}
	}
	return replaced
}

// sameVerdicts reports whether two checklists say the same; evidence that only got
// newer is no news.
func sameVerdicts(a, b []crm.ChecklistItem) bool {
	return slices.EqualFunc(a, b, func(x, y crm.ChecklistItem) bool { return x.Key == y.Key && x.Status == y.Status })
}

// hostItems reads and judges what the host knows.
func (s *Service) hostItems(ctx context.Context, tx *store.Tx, row *ent.Integration) ([]crm.ChecklistItem, error) {
	client := tx.Ent()
	saved, err := credentialRow(ctx, client, row.ID)
	if err != nil {
		return nil, err
	}
	_, spec, err := s.manifest(row.Connector, row.Environment)
	if err != nil {
		return nil, err
	}
	budget, err := budgetItem(ctx, client, row, tx.Now())
	if err != nil {
		return nil, err
	}
	rights, err := rightsItems(ctx, client, row.ID)
	if err != nil {
		return nil, err
	}
	items := []crm.ChecklistItem{tokenItem(saved, spec.OAuth.RefreshTokenIdle, tx.Now()), instanceItem(row), quotaItem(row), budget}
	items = append(items, rights...)
	return append(items, userItem(row)), nil
}

// tokenItem tells when the authorization was last renewed, and when it would end for
// want of use (idle; zero when it does not).
func tokenItem(saved *ent.Credential, idle time.Duration, now time.Time) crm.ChecklistItem {
	item := crm.ChecklistItem{Key: itemToken, Title: "The authorization is kept alive", Status: crm.ChecklistPass}
	if saved == nil || saved.Revoked {
		item.Status, item.Evidence = crm.ChecklistFail, "There is no authorization that the CRM accepts."
		item.Remediation = "Reconnect the integration: an admin signs in to the CRM again."
		return item
	}
	item.Evidence = "It was last renewed on " + at(saved.RefreshedAt) + "."
	if idle <= 0 {
		item.Evidence += " It does not end for want of use."
		return item
	}
	ends := saved.RefreshedAt.Add(idle)
	item.Evidence += fmt.Sprintf(" Unused it would end on %s; it is renewed before.", at(ends))
	if left := ends.Sub(now); left < idle/4 {
		item.Status = crm.ChecklistWarn
		item.Remediation = "Renewing it has failed for a while. Look at the server's log, and sign in again with \"replace integration user\" before it ends."
	}
	return item
}

// instanceItem tells which instance the integration belongs to. Every sign-in is held
// to it, so an integration that is signed in is at the right one.
func instanceItem(row *ent.Integration) crm.ChecklistItem {
	item := crm.ChecklistItem{Key: itemRightInstance, Title: "The sign-in is to the right CRM instance", Status: crm.ChecklistPass}
	if row.InstanceID == "" {
		item.Status, item.Evidence = crm.ChecklistUnknown, "Nobody has signed in."
		return item
	}
	item.Evidence = fmt.Sprintf("%s (%s). A sign-in to another instance is refused.", row.InstanceName, row.InstanceID)
	return item
}

// quotaItem compares what was used of the CRM's own quota, by anybody, with the share
// at which runs stop (requirement G5).
func quotaItem(row *ent.Integration) crm.ChecklistItem {
	item := crm.ChecklistItem{Key: itemAPIBudget, Title: "Enough API calls are left at the CRM", Status: crm.ChecklistPass}
	if row.QuotaMax <= 0 || row.QuotaAt == nil {
		item.Status, item.Evidence = crm.ChecklistUnknown, "The CRM has not told how many calls it allows."
		return item
	}
	item.Evidence = fmt.Sprintf("%d of %d calls were used on %s, by all apps; runs stop at %d %%.",
		row.QuotaUsed, row.QuotaMax, at(*row.QuotaAt), row.QuotaPercent)
	if row.QuotaUsed*100 >= row.QuotaMax*row.QuotaPercent {
		item.Status = crm.ChecklistWarn
		item.Remediation = "Look at the CRM which apps use its API, raise its limit, or raise the share at which runs stop."
	}
	return item
}

// budgetItem compares today's calls with the budgets that an admin has set.
func budgetItem(ctx context.Context, client *ent.Client, row *ent.Integration, now time.Time) (crm.ChecklistItem, error) {
	item := crm.ChecklistItem{Key: itemDailyBudget, Title: "Today's call budget is not used up", Status: crm.ChecklistPass}
	location, err := time.LoadLocation(row.ScheduleZone)
	if err != nil {
		location = time.UTC
	}
	used := map[string]int{}
	usage, err := client.ApiUsage.Query().
		Where(apiusage.IntegrationID(row.ID), apiusage.LocalDate(crm.LocalDate(now, location).String())).All(ctx)
	if err != nil {
		return item, fmt.Errorf("read API usage: %w", err)
	}
	for _, one := range usage {
		used[one.APIType] += one.Calls
	}
	budgets, err := client.ApiBudget.Query().Where(apibudget.IntegrationID(row.ID)).Order(apibudget.ByAPIType()).All(ctx)
	if err != nil {
		return item, fmt.Errorf("read API budgets: %w", err)
	}
	if len(budgets) == 0 {
		item.Evidence = "No budget is set."
		return item, nil
	}
	var told []string
	for _, budget := range budgets {
		told = append(told, fmt.Sprintf("%s: %d of %d", budget.APIType, used[budget.APIType], budget.DailyLimit))
		if used[budget.APIType]*10 >= budget.DailyLimit*9 {
			item.Status = crm.ChecklistWarn
			item.Remediation = "Raise the budget, or wait: the next run goes on where the last one stopped."
		}
	}
	item.Evidence = "Calls today, by API: " + strings.Join(told, ", ") + "."
	return item, nil
}

// rightsItems sums up what the last check found of the objects that the package
// needs and of the standardized fields.
func rightsItems(ctx context.Context, client *ent.Client, integrationID string) ([]crm.ChecklistItem, error) {
	objects, err := client.CrmObject.Query().
		Where(crmobject.IntegrationID(integrationID), crmobject.RequirementEQ(crm.Required)).
		Order(crmobject.ByPosition(), crmobject.ByName()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read required objects: %w", err)
	}
	fields, err := client.CrmField.Query().
		Where(crmfield.IntegrationID(integrationID), crmfield.Standardized(true)).
		WithObject().Order(crmfield.ByName(), crmfield.ByID()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read standardized fields: %w", err)
	}
	return []crm.ChecklistItem{objectsItem(objects), fieldsItem(fields)}, nil
}

func objectsItem(objects []*ent.CrmObject) crm.ChecklistItem {
	item := crm.ChecklistItem{Key: itemRequiredObjects, Title: "Every required object can be read", Status: crm.ChecklistPass}
	var lost, unchecked []string
	for _, object := range objects {
		switch object.Status {
		case crm.ObjectPermissionMissing, crm.ObjectNotFound:
			lost = append(lost, object.Name)
		case crm.ObjectNotChecked:
			unchecked = append(unchecked, object.Name)
		case crm.ObjectOK:
		}
	}
	switch {
	case len(lost) > 0:
		item.Status, item.Evidence = crm.ChecklistFail, "No access to "+named(lost)+"."
		item.Remediation = "The alert of each object has the steps."
	case len(objects) == 0 || len(unchecked) > 0:
		item.Status, item.Evidence = crm.ChecklistUnknown, "The rights have not been checked yet."
	default:
		item.Evidence = fmt.Sprintf("All %d were readable at the last check.", len(objects))
	}
	return item
}

func fieldsItem(fields []*ent.CrmField) crm.ChecklistItem {
	item := crm.ChecklistItem{Key: itemRequiredFields, Title: "Every standardized field can be read", Status: crm.ChecklistPass}
	var lost []string
	for _, field := range fields {
		if !field.Readable {
			lost = append(lost, field.Edges.Object.Name+"."+field.Name)
		}
	}
	switch {
	case len(lost) > 0:
		slices.Sort(lost)
		item.Status, item.Evidence = crm.ChecklistFail, "No access to "+named(lost)+"."
		item.Remediation = "The alert of each field has the steps."
	case len(fields) == 0:
		item.Status, item.Evidence = crm.ChecklistUnknown, "No field is standardized yet, or the rights have not been checked."
	default:
		item.Evidence = fmt.Sprintf("All %d were readable at the last check.", len(fields))
	}
	return item
}

// userItem warns when the login is a person's (requirement C9).
func userItem(row *ent.Integration) crm.ChecklistItem {
	item := crm.ChecklistItem{Key: itemDedicatedUser, Title: "The login is an integration user", Status: crm.ChecklistPass}
	switch {
	case row.IntegrationUser == "":
		item.Status, item.Evidence = crm.ChecklistUnknown, "The CRM has not told who signed in."
	case !row.IntegrationUserDedicated:
		item.Status, item.Evidence = crm.ChecklistWarn, row.IntegrationUser+" is a person's login: what that person may do, or when they leave, decides what is synced."
		item.Remediation = "Make a user for the integration in the CRM and choose \"replace integration user\"."
	default:
		item.Evidence = row.IntegrationUser + "."
	}
	return item
}

// named names some things and counts the rest.
func named(names []string) string {
	if len(names) <= namedAtMost {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:namedAtMost], ", "), len(names)-namedAtMost)
}

// at words an instant.
func at(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }
