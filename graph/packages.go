package graph

import (
	"github.com/fieldwarden/fieldwarden/graph/model"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// shownPackages lists packages, those of one connector or with one key where one is
// named.
func (r *Resolver) shownPackages(connector, key string) []*model.Package {
	shown := []*model.Package{}
	for _, pkg := range r.Catalogue.All() {
		if (connector == "" || pkg.CRM == connector) && (key == "" || pkg.Key == key) {
			shown = append(shown, r.shownPackage(pkg))
		}
	}
	return shown
}

func (r *Resolver) shownPackage(pkg crm.Package) *model.Package {
	newest, err := r.Packages(pkg.Key, pkg.CRM, 0)
	shown := &model.Package{
		Key: pkg.Key, Connector: pkg.CRM, Version: pkg.Version, Title: pkg.Title,
		IsNewest: err == nil && newest.Version == pkg.Version,
		Features: shownFeatures(pkg.Features), Objects: []*model.PackageObject{},
	}
	for _, object := range pkg.Objects {
		shown.Objects = append(shown.Objects, shownObject(pkg, object))
	}
	return shown
}

func shownObject(pkg crm.Package, object crm.PackageObject) *model.PackageObject {
	shown := &model.PackageObject{
		Key: object.Key, Name: object.Name, Label: object.Label, Requirement: object.Requirement, Rights: &object.Rights,
		Requires: append([]string{}, object.Requires...), StandardFields: []*model.PackageField{},
	}
	for _, field := range object.Fields {
		shown.StandardFields = append(shown.StandardFields, &model.PackageField{
			Key: field.Key, Label: field.Label, DataType: string(field.DataType), Requirement: field.Requirement,
			Candidates: field.Candidates, Features: shownFeatures(pkg.FeaturesOf(field)),
		})
	}
	return shown
}

// shownFeatures shows features, in their order.
func shownFeatures(features []crm.Feature) []*model.Feature {
	shown := make([]*model.Feature, 0, len(features))
	for _, feature := range features {
		shown = append(shown, featureOf(feature))
	}
	return shown
}

func shownPlan(plan crm.PackagePlan) *model.PackagePlan {
	shown := &model.PackagePlan{FromVersion: plan.FromVersion, ToVersion: plan.ToVersion, Effects: []*model.PackageEffect{}}
	for _, effect := range plan.Effects {
		shown.Effects = append(shown.Effects, &model.PackageEffect{
			Kind: model.PackageEffectKind(effect.Kind), Subject: effect.Subject, Description: effect.Description,
			Readable: effect.Readable, Destructive: effect.Destructive,
		})
	}
	return shown
}

// wantedVersion is 0 for the newest; only leaving the argument out asks for it.
func wantedVersion(version *int) (int, error) {
	switch {
	case version == nil:
		return 0, nil
	case *version < 1:
		return 0, fault.New(fault.BadInput, "Versions count from 1. Leave toVersion out for the newest.", fault.Field("toVersion"))
	default:
		return *version, nil
	}
}
