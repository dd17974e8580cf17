package limit

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"
)

const (
	// cacheEntries and cacheBytes bound the memory of the cache: a parsed
	// document takes some tens of times its text.
	cacheEntries = 500
	cacheBytes   = 4 << 10
)

// Cache keeps the documents that passed the gate and the validator, the most
// recently used ones first. Long documents are not kept, so that strangers
// cannot fill the memory with them.
type Cache struct {
	documents *lru.LRU[*ast.QueryDocument]
}

var _ graphql.Cache[*ast.QueryDocument] = (*Cache)(nil)

// NewCache returns a cache of at most entries documents; entries must be
// positive.
func NewCache(entries int) *Cache {
	return &Cache{documents: lru.New[*ast.QueryDocument](entries)}
}

// Get returns the document of a query text.
func (c *Cache) Get(ctx context.Context, query string) (*ast.QueryDocument, bool) {
	return c.documents.Get(ctx, query)
}

// Add keeps a document, unless its text is long.
func (c *Cache) Add(ctx context.Context, query string, doc *ast.QueryDocument) {
	if len(query) <= cacheBytes {
		c.documents.Add(ctx, query, doc)
	}
}
