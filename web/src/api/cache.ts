import type { CacheExchangeOpts } from "@urql/exchange-graphcache";
import { CachedInboxItemFragmentDoc, CachedUnreadDocument } from "./cache.generated";
import { embeddedTypes } from "./embedded.generated";
import type { MarkInboxReadInput } from "./schema.generated";

/**
 * How answers are kept. Types without an id belong to what holds them. Reading the inbox is
 * one member's own and not told by the feed, so what it changes is changed here.
 */
export const cacheConfig: CacheExchangeOpts = {
  keys: Object.fromEntries(embeddedTypes.map((name) => [name, () => null])),
  updates: {
    Mutation: {
      markInboxRead(result, args, cache) {
        const { unreadCount } = result["markInboxRead"] as { unreadCount: number | null };
        if (unreadCount === null) return;
        cache.updateQuery({ query: CachedUnreadDocument }, () => ({ unreadCount }));
        for (const id of (args["input"] as MarkInboxReadInput).itemIds ?? []) {
          cache.writeFragment(CachedInboxItemFragmentDoc, { id, read: true });
        }
      },
    },
  },
};
