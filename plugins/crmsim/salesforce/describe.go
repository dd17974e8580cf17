package salesforce

import (
	"fmt"
	"net/http"
	"time"
)

// objectFlags are the properties that global describe, the basic object answer and the full describe share.
type objectFlags struct {
	Activateable          bool    `json:"activateable"`
	AssociateEntityType   *string `json:"associateEntityType"`
	AssociateParentEntity *string `json:"associateParentEntity"`
	Createable            bool    `json:"createable"`
	Custom                bool    `json:"custom"`
	CustomSetting         bool    `json:"customSetting"`
	DeepCloneable         bool    `json:"deepCloneable"`
	Deletable             bool    `json:"deletable"`
	DeprecatedAndHidden   bool    `json:"deprecatedAndHidden"`
	FeedEnabled           bool    `json:"feedEnabled"`
	HasSubtypes           bool    `json:"hasSubtypes"`
	IsInterface           bool    `json:"isInterface"`
	IsSubtype             bool    `json:"isSubtype"`
	KeyPrefix             *string `json:"keyPrefix"`
	Label                 string  `json:"label"`
	LabelPlural           string  `json:"labelPlural"`
	Layoutable            bool    `json:"layoutable"`
	Mergeable             bool    `json:"mergeable"`
	MruEnabled            bool    `json:"mruEnabled"`
	Name                  string  `json:"name"`
	Queryable             bool    `json:"queryable"`
	Replicateable         bool    `json:"replicateable"`
	Retrieveable          bool    `json:"retrieveable"`
	Searchable            bool    `json:"searchable"`
	Triggerable           bool    `json:"triggerable"`
	Undeletable           bool    `json:"undeletable"`
	Updateable            bool    `json:"updateable"`
}

// flags reports an object as the integration user sees it.
func (o *objectView) flags() objectFlags {
	return objectFlags{
		Createable: o.mayCreate, Updateable: o.mayUpdate, Queryable: o.queryable,
		Deletable: o.deletable && o.mayUpdate, Undeletable: o.undeletable && o.mayUpdate,
		Mergeable: o.mergeable && o.mayUpdate, DeepCloneable: o.deepClone, FeedEnabled: o.feedEnabled,
		KeyPrefix: orNull(o.keyPrefix), Label: o.label, LabelPlural: o.labelPlural, Layoutable: o.layoutable,
		MruEnabled: o.mruEnabled, Name: o.name, Replicateable: o.replicateable, Retrieveable: o.keyPrefix != "",
		Searchable: o.searchable, Triggerable: o.triggerable,
	}
}

// urls are the resources of an object; root is "/services/data/v66.0".
func (o *objectView) urls(root string) map[string]string {
	at := root + "/sobjects/" + o.name
	urls := map[string]string{"sobject": at, "describe": at + "/describe", "rowTemplate": at + "/{ID}"}
	if o.layoutable {
		urls["compactLayouts"], urls["layouts"] = at+"/describe/compactLayouts", at+"/describe/layouts"
		urls["quickActions"] = at + "/quickActions"
	}
	if o.layoutable && o.deletable {
		urls["approvalLayouts"], urls["listviews"] = at+"/describe/approvalLayouts", at+"/listviews"
	}
	if o.name == "User" {
		urls["namedLayouts"], urls["passwordUtilities"] = at+"/describe/namedLayouts/{LayoutName}", at+"/{ID}/password"
	}
	return urls
}

type globalEntry struct {
	objectFlags
	URLs map[string]string `json:"urls"`
}

// describeGlobal serves GET /sobjects: every object the integration user can read.
func (s *Simulator) describeGlobal(c *call) reply {
	return s.describing(c, "", func() any {
		entries := []globalEntry{}
		for _, o := range c.view.catalog.objects {
			if ov, ok := c.view.object(o.name); ok {
				entries = append(entries, globalEntry{ov.flags(), ov.urls(c.root)})
			}
		}
		return map[string]any{"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": entries}
	})
}

// describeBasic serves GET /sobjects/{object}: flags only, and the records seen last.
func (s *Simulator) describeBasic(c *call) reply {
	o, ok := c.view.object(c.rest[1])
	if !ok {
		return resourceMissing()
	}
	return jsonReply(http.StatusOK, map[string]any{
		"objectDescribe": globalEntry{o.flags(), o.urls(c.root)}, "recentItems": []string{},
	})
}

// describe serves GET /sobjects/{object}/describe: the fields the integration user can read. A hidden object and an
// unknown one look the same.
func (s *Simulator) describe(c *call) reply {
	o, ok := c.view.object(c.rest[1])
	if !ok {
		return resourceMissing()
	}
	return s.describing(c, o.name, func() any { return fullDescribe(c, o) })
}

// describing answers a describe with its date and tag, from the body built earlier if rights have not changed since.
// If-Modified-Since is honoured; If-None-Match is not, as with Salesforce.
func (s *Simulator) describing(c *call, object string, build func() any) reply {
	modified := c.view.modified
	if since, err := http.ParseTime(c.header.Get("If-Modified-Since")); err == nil && !modified.After(since) {
		return reply{status: http.StatusNotModified, modified: modified, etag: etagOf(modified)}
	}
	key := c.base + c.root + "/" + object
	body, ok := c.view.bodies.Load(key)
	if !ok {
		built := jsonReply(http.StatusOK, build())
		if built.status != http.StatusOK {
			return built
		}
		body, _ = c.view.bodies.LoadOrStore(key, built.body)
	}
	return reply{status: http.StatusOK, kind: jsonKind, body: body.([]byte), modified: modified, etag: etagOf(modified)} //nolint:forcetypeassert // only bodies are stored
}

// etagOf is the same for every describe of one moment: Salesforce's tag covers the whole org.
func etagOf(modified time.Time) string {
	return fmt.Sprintf("%08x", uint32(textHash(modified.Format(time.RFC3339))))
}
