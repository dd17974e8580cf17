import { localStorageColorSchemeManager } from "@mantine/core";

/** The nonce that the page's Content-Security-Policy lets style elements have. */
export const styleNonce = document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.content ?? "";

/** Where the choice of light or dark is kept; public/color-scheme.js reads it before the first paint. */
export const colorSchemes = localStorageColorSchemeManager({ key: "fieldwarden-color-scheme" });
