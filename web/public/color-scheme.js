// Before the first paint, so that nobody who prefers dark sees a white flash.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("fieldwarden-color-scheme");
  } catch {
    // Storage is blocked: the system's preference holds.
  }
  const dark =
    chosen === "dark" ||
    (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.setAttribute(
    "data-mantine-color-scheme",
    dark ? "dark" : "light",
  );
})();
