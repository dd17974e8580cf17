/** leaveFor sends the browser to another site: where somebody signs in at a CRM. */
export function leaveFor(url: string) {
  const target = new URL(url, window.location.href);
  if (target.protocol !== "https:" && target.protocol !== "http:") return;
  window.location.assign(target.href);
}
