package host

import (
	"slices"

	"github.com/fieldwarden/fieldwarden/plugins/host/shim"
)

// protections tells what holds for a started connector, and what does not.
// enforced is what the shim reported.
func protections(enforced []string, mutualTLS bool, spec launchSpec) []Protection {
	list := []Protection{
		levelled("checksum", spec.pinned, "the file has the registered checksum", "no checksum is registered; the file of the first start is taken"),
		levelled("private-copy", slices.Contains(enforced, shim.VerifiedFD), "the verified file itself is executed", "verified, then executed by its path"),
		{"environment", Enforced, "nothing of the server's environment is passed on"},
		transport(mutualTLS),
		levelled("orphans", slices.Contains(enforced, shim.Subreaper) && slices.Contains(enforced, shim.ParentDeath),
			"it and all it starts are killed when the server dies", "its process group is killed when the server dies"),
		levelled("no-new-privileges", slices.Contains(enforced, shim.NoNewPrivs), "set-user-id programs give it nothing", "not on this system"),
		levelled("limits", slices.Contains(enforced, shim.Limits), "open files are limited, core dumps are off", "not on this system"),
		memory(spec.memory, slices.Contains(enforced, shim.MemoryLimit)),
		{"message-size", Enforced, "messages over 4 MiB and batches over 1 MiB are refused"},
		{"network", Advisory, "it is told which hosts it may use; nothing stops it from using others"},
		{"files", Advisory, "it runs as the server's user and can read what that user can"},
	}
	return list
}

func levelled(name string, enforced bool, whenEnforced, otherwise string) Protection {
	if enforced {
		return Protection{name, Enforced, whenEnforced}
	}
	return Protection{name, Advisory, otherwise}
}

func transport(mutualTLS bool) Protection {
	if mutualTLS {
		return Protection{"transport", Enforced, "mutual TLS with one-time certificates"}
	}
	return levelled("transport", peerChecked, "private socket folder, and the listening process is checked", "private socket folder")
}

func memory(limit uint64, enforced bool) Protection {
	if limit == 0 {
		return Protection{"memory", Advisory, "no limit is configured"}
	}
	return levelled("memory", enforced, "its data segment is limited", "a Go program is told to collect garbage in time")
}
