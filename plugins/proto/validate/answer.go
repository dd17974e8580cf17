package validate

import (
	"fmt"
	"maps"
	"slices"

	connectorv1 "github.com/fieldwarden/fieldwarden/plugins/proto/fieldwarden/connector/v1"
	"github.com/fieldwarden/fieldwarden/plugins/proto/handshake"
)

// Checklist checks the lines of a connection test.
func Checklist(items []*connectorv1.ChecklistItem) error {
	if len(items) == 0 {
		return problem("items", "is empty")
	}
	if err := count("items", len(items), maxItems); err != nil {
		return err
	}
	once := unique()
	for i, item := range items {
		path := fmt.Sprintf("items[%d]", i)
		err := first(
			key(path+".key", item.GetKey()),
			once(path+".key", item.GetKey()),
			title(path+".title", item.GetTitle()),
			known(path+".status", item.GetStatus(), connectorv1.Status_name),
		)
		if err != nil {
			return err
		}
	}
	return nil
}

// Identity checks who and where a token is.
func Identity(identity *connectorv1.Identity) error {
	if identity == nil {
		return problem("identity", "is missing")
	}
	errs := []error{
		name("identity.instance_id", identity.GetInstanceId()),
		name("identity.user_id", identity.GetUserId()),
		label("identity.instance_name", identity.GetInstanceName()),
		label("identity.edition", identity.GetEdition()),
		label("identity.api_version", identity.GetApiVersion()),
		label("identity.user_name", identity.GetUserName()),
		label("identity.user_email", identity.GetUserEmail()),
		optionalEnum("identity.environment", identity.GetEnvironment(), connectorv1.Environment_name),
	}
	if identity.GetInstanceUrl() != "" {
		errs = append(errs, address("identity.instance_url", identity.GetInstanceUrl()))
	}
	return first(errs...)
}

func optionalEnum[T ~int32](path string, value T, names map[int32]string) error {
	if _, ok := names[int32(value)]; !ok {
		return problem(path, "%d is not a known value", value)
	}
	return nil
}

// Objects checks a catalogue of objects.
func Objects(objects []*connectorv1.Object) error {
	if err := count("objects", len(objects), maxObjects); err != nil {
		return err
	}
	once := unique()
	for i, object := range objects {
		path := fmt.Sprintf("objects[%d]", i)
		err := first(name(path+".name", object.GetName()), once(path+".name", object.GetName()), label(path+".label", object.GetLabel()))
		if err != nil {
			return err
		}
	}
	return nil
}

// Fields checks the readable fields of an object.
func Fields(fields []*connectorv1.Field) error {
	if err := count("fields", len(fields), maxFields); err != nil {
		return err
	}
	once := unique()
	for i, f := range fields {
		if err := field(fmt.Sprintf("fields[%d]", i), f, once); err != nil {
			return err
		}
	}
	return nil
}

func field(path string, f *connectorv1.Field, once func(path, key string) error) error {
	if !f.GetRights().GetRead() {
		return problem(path+".rights.read", "is false for %.80q: list only fields that can be read", f.GetName())
	}
	err := first(
		name(path+".name", f.GetName()),
		once(path+".name", f.GetName()),
		label(path+".label", f.GetLabel()),
		label(path+".type", f.GetType()),
		count(path+".references", len(f.GetReferences()), maxObjects),
		count(path+".picklist", len(f.GetPicklist()), maxPicklist),
	)
	if err != nil {
		return err
	}
	for i, object := range f.GetReferences() {
		if err := name(fmt.Sprintf("%s.references[%d]", path, i), object); err != nil {
			return err
		}
	}
	for i, value := range f.GetPicklist() {
		item := fmt.Sprintf("%s.picklist[%d]", path, i)
		if err := first(label(item+".value", value.GetValue()), label(item+".label", value.GetLabel())); err != nil {
			return err
		}
	}
	return nil
}

// ObjectCheck checks the answer for one object. An answer that contradicts
// itself is refused, because half of it could be taken for a loss.
func ObjectCheck(check *connectorv1.ObjectCheck) error {
	err := first(
		name("check.object", check.GetObject()),
		known("check.verdict", check.GetVerdict(), connectorv1.Verdict_name),
		label("check.label", check.GetLabel()),
		label("check.api_version", check.GetApiVersion()),
		optionalEnum("check.cause", check.GetCause(), connectorv1.Cause_name),
	)
	if err != nil {
		return err
	}
	switch check.GetVerdict() {
	case connectorv1.Verdict_VERDICT_ACCESSIBLE:
		return accessible(check)
	case connectorv1.Verdict_VERDICT_DENIED:
		if check.GetFailure() != nil || check.GetRights().GetRead() || len(check.GetFields()) > 0 {
			return problem("check", "is DENIED, yet has a failure, the right to read, or fields")
		}
	default: // VERDICT_FAILED
		if check.GetFailure() == nil {
			return problem("check.failure", "is missing though the verdict is FAILED")
		}
	}
	return nil
}

func accessible(check *connectorv1.ObjectCheck) error {
	switch {
	case check.GetFailure() != nil:
		return problem("check.failure", "is set though the verdict is ACCESSIBLE")
	case !check.GetRights().GetRead():
		return problem("check.rights.read", "is false though the verdict is ACCESSIBLE")
	case len(check.GetFields()) == 0:
		return problem("check.fields", "is empty though the verdict is ACCESSIBLE; an object has at least its id")
	}
	return first(
		Fields(check.GetFields()),
		deniedFields(check),
		optionalEnum("check.record_access", check.GetRecordAccess(), connectorv1.RecordAccess_name),
	)
}

// deniedFields checks the fields that an answer explains: one that is listed as
// readable as well would be a contradiction.
func deniedFields(check *connectorv1.ObjectCheck) error {
	if err := count("check.denied_fields", len(check.GetDeniedFields()), maxFields); err != nil {
		return err
	}
	once := unique()
	for _, f := range check.GetFields() {
		_ = once("check.fields", f.GetName())
	}
	for i, f := range check.GetDeniedFields() {
		path := fmt.Sprintf("check.denied_fields[%d]", i)
		err := first(
			name(path+".name", f.GetName()),
			once(path+".name", f.GetName()),
			label(path+".label", f.GetLabel()),
			optionalEnum(path+".cause", f.GetCause(), connectorv1.Cause_name),
		)
		if err != nil {
			return err
		}
	}
	return nil
}

// Memo checks what a connector wants to have kept.
func Memo(memo []byte) error {
	if len(memo) > handshake.MaxMemo {
		return problem("memo", "has %d bytes, at most %d are allowed", len(memo), handshake.MaxMemo)
	}
	return nil
}

// Choices checks the choices of a picklist source.
func Choices(choices []*connectorv1.Choice) error {
	if err := count("choices", len(choices), maxPicklist); err != nil {
		return err
	}
	once := unique()
	for i, choice := range choices {
		path := fmt.Sprintf("choices[%d]", i)
		err := first(
			name(path+".value", choice.GetValue()),
			once(path+".value", choice.GetGroup()+"\x00"+choice.GetValue()),
			label(path+".label", choice.GetLabel()),
			label(path+".group", choice.GetGroup()),
			label(path+".group_label", choice.GetGroupLabel()),
		)
		if err != nil {
			return err
		}
		if p := choice.GetProbability(); p < 0 || p > 100 {
			return problem(path+".probability", "is %d, 0 to 100 are allowed", p)
		}
	}
	return nil
}

// Stats checks what a call cost; nil is nothing. apiTypes are the keys that the
// manifest declares.
func Stats(stats *connectorv1.CallStats, apiTypes []string) error {
	if stats.GetCrmCalls() < 0 || stats.GetQuotaUsed() < 0 || stats.GetQuotaMax() < 0 {
		return problem("stats", "holds a negative number")
	}
	left := stats.GetCrmCalls()
	for _, key := range slices.Sorted(maps.Keys(stats.GetCallsByType())) {
		calls := stats.GetCallsByType()[key]
		if !slices.Contains(apiTypes, key) {
			return problem("stats.calls_by_type", "%.80q is not among the manifest's api_types", key)
		}
		if calls < 0 || calls > left {
			return problem("stats.calls_by_type", "%q has %d calls, which are not among the %d of crm_calls", key, calls, stats.GetCrmCalls())
		}
		left -= calls
	}
	return nil
}
