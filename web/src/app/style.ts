import { localStorageColorSchemeManager } from "@mantine/core";
import { setNonce } from "get-nonce";

/** The nonce that the page's Content-Security-Policy lets style elements have. */
export const styleNonce = document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.content ?? "";

// Dialogs keep the page behind them still by a style element of react-remove-scroll, which asks here.
setNonce(styleNonce);

/** Where the choice of light or dark is kept; public/color-scheme.js reads it before the first paint. */
export const colorSchemes = localStorageColorSchemeManager({ key: "fieldwarden-color-scheme" });
