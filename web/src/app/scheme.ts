import { useComputedColorScheme, useMantineColorScheme } from "@mantine/core";

/** Light or dark: the system's choice until somebody chooses here. */
export function useScheme() {
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme("light") === "dark";
  return { dark, toggle: () => setColorScheme(dark ? "light" : "dark") };
}
