package crm

import "slices"

// ReadingOrder returns objects so that each comes after those that it requires, and
// otherwise in the order given: an object whose turn has come waits for no other. Of
// requirements that go round in a circle, which Validate refuses, each comes once.
func ReadingOrder(objects []PackageObject) []PackageObject {
	ordered := make([]PackageObject, 0, len(objects))
	placed := map[string]bool{}
	var place func(object PackageObject)
	place = func(object PackageObject) {
		if placed[object.Key] {
			return
		}
		placed[object.Key] = true
		for _, key := range object.Requires {
			if i := slices.IndexFunc(objects, func(o PackageObject) bool { return o.Key == key }); i >= 0 {
				place(objects[i])
			}
		}
		ordered = append(ordered, object)
	}
	for _, object := range objects {
		place(object)
	}
	return ordered
}

// circles lists the keys of objects that require themselves, over others or at once.
// It follows each requirement once, however they are knotted.
func circles(objects []PackageObject) map[string]bool {
	requires := make(map[string][]string, len(objects))
	for _, object := range objects {
		requires[object.Key] = object.Requires
	}
	found := map[string]bool{}
	for key := range requires {
		seen, waiting := map[string]bool{}, slices.Clone(requires[key])
		for len(waiting) > 0 {
			next := waiting[len(waiting)-1]
			waiting = waiting[:len(waiting)-1]
			if next == key {
				found[key] = true
				break
			}
			if !seen[next] {
				seen[next] = true
				waiting = append(waiting, requires[next]...)
			}
		}
	}
	return found
}
