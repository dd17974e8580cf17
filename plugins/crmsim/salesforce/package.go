package salesforce

import "time"

// packageNamespace is the namespace of the LinkedIn app, a managed package.
const packageNamespace = "LID"

// SetAppInstalled installs or removes the LinkedIn app: its custom fields on Task and Lead, its package licence, and
// its row among the installed packages. Installing it again changes nothing.
func (c *Controls) SetAppInstalled(on bool) {
	c.sim.engine.setPackage(on)
	c.sim.colleague.setPackage(on)
}

// AppInstalled reports whether the LinkedIn app is installed.
func (c *Controls) AppInstalled() bool { return !c.sim.engine.packageInstalled().IsZero() }

// packageInstalled is when the app was installed; zero when it is not.
func (e *engine) packageInstalled() time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.packageSince
}

func (e *engine) setPackage(on bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if on == !e.packageSince.IsZero() {
		return
	}
	e.packageSince = time.Time{}
	if on {
		e.packageSince = e.clock.Now().UTC().Truncate(time.Second)
	}
	e.markPackaged()
	e.note("installedPackage", "Installed or removed package "+packageNamespace)
	e.publish()
}

// markPackaged makes the app's fields exist or not. Callers hold mu.
func (e *engine) markPackaged() {
	for _, o := range e.catalog.objects {
		for i := range o.fields {
			if !o.fields[i].packaged {
				continue
			}
			if e.fields[o.name] == nil {
				e.fields[o.name] = map[string]fieldSecurity{}
			}
			e.fields[o.name][o.fields[i].name] = fieldSecurity{deleted: e.packageSince.IsZero()}
		}
	}
}

// auditEntry is a line of the setup audit trail.
type auditEntry struct {
	at              time.Time
	action, display string
}

// auditKept bounds the audit trail; Salesforce keeps 180 days.
const auditKept = 2000

// note writes a line of the setup audit trail. Callers hold mu. Action names are plausible, not verified.
func (e *engine) note(action, display string) {
	if len(e.audit) >= auditKept {
		e.audit = append(e.audit[:0], e.audit[len(e.audit)-auditKept/2:]...)
	}
	e.audit = append(e.audit, auditEntry{e.clock.Now().UTC().Truncate(time.Second), action, display})
}

// auditTrail copies the setup audit trail, oldest first.
func (e *engine) auditTrail() []auditEntry {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]auditEntry(nil), e.audit...)
}
