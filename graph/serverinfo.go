package graph

import (
	"time"

	"github.com/fieldwarden/fieldwarden/graph/model"
	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// About is what a server tells of itself.
type About struct {
	// Version is Fieldwarden's, ProtocolVersion the connector protocol's.
	Version         string
	ProtocolVersion int
	// SchemaURL is where the SDL can be downloaded.
	SchemaURL     string
	SignInMethods []model.SignInMethod
	// FeedRetention is how long feed entries are kept.
	FeedRetention time.Duration
}

func (r *Resolver) serverInfo() *model.ServerInfo {
	return &model.ServerInfo{
		Version: r.About.Version, ProtocolVersion: r.About.ProtocolVersion, SchemaURL: r.About.SchemaURL,
		Now: r.Store.Clock().Now(), SignInMethods: r.About.SignInMethods,
		FeedRetentionDays: int(r.About.FeedRetention / (24 * time.Hour)), MaxPageSize: maxPage,
	}
}

// errorCodes is the list of codes, each with the place of the page that explains it.
func (r *Resolver) errorCodes() []*model.ErrorCodeInfo {
	codes := fault.Codes()
	list := make([]*model.ErrorCodeInfo, len(codes))
	for i, info := range codes {
		list[i] = &model.ErrorCodeInfo{
			Code: info.Code, Side: info.Side, Class: info.Retry, Hint: info.Hint, DocsURL: r.docsURL(info.Code),
		}
	}
	return list
}
