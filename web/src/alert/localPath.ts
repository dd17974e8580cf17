/** The path of one of this product's pages, from its full address: behind a proxy the host may read differently. */
export function localPath(address: string): string {
  try {
    const { pathname, search } = new URL(address, window.location.origin);
    return pathname + search;
  } catch {
    return "/";
  }
}
