import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";

const teal: MantineColorsTuple = [
  "#e9f8f6",
  "#d3efeb",
  "#a5dfd7",
  "#74cec2",
  "#4dc0b1",
  "#34b7a7",
  "#17998b",
  "#0f766e",
  "#0b635c",
  "#064e48",
];

export const theme = createTheme({
  primaryColor: "brand",
  primaryShade: { light: 7, dark: 7 },
  colors: { brand: teal },
  autoContrast: true,
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
  fontFamilyMonospace: "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace",
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  headings: {
    fontWeight: "650",
    sizes: { h1: { fontSize: "1.5rem" }, h2: { fontSize: "1.125rem" }, h3: { fontSize: "1rem" } },
  },
  components: {
    // Their <header> is the dialog's; as a landmark it would be a second banner of the page.
    Modal: { defaultProps: { attributes: { header: { role: "presentation" } } } },
    Drawer: { defaultProps: { attributes: { header: { role: "presentation" } } } },
  },
});

const toned = ["brand", "red", "orange", "yellow", "green", "blue", "gray", "teal", "violet", "grape"];

/** Mantine's soft colours, dark enough on light (and light enough on dark) for WCAG 2.2 AA. */
export const variables: CSSVariablesResolver = () => {
  const light: Record<string, string> = {
    "--mantine-color-dimmed": "#566070",
    "--mantine-color-placeholder": "#667080",
    "--mantine-color-error": "#c02626",
    "--mantine-color-body": "#ffffff",
    "--fw-canvas": "#f6f8f9",
  };
  const dark: Record<string, string> = {
    "--mantine-color-dimmed": "#a7b0bb",
    "--mantine-color-placeholder": "#98a2ae",
    "--mantine-color-error": "#ff8f8f",
    "--mantine-color-anchor": "var(--mantine-color-brand-3)",
    "--fw-canvas": "#191b1f",
  };
  for (const color of toned) {
    light[`--mantine-color-${color}-light-color`] = `color-mix(in srgb, var(--mantine-color-${color}-9) 78%, black)`;
    dark[`--mantine-color-${color}-light-color`] = `var(--mantine-color-${color}-2)`;
  }
  return { variables: {}, light, dark };
};
