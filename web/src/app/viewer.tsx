import { createContext, useContext } from "react";
import type { Scope } from "~/api/schema.generated";
import type { ShellQuery } from "./shell.generated";

export type Viewer = ShellQuery["viewer"];

const ViewerContext = createContext<Viewer | null>(null);

export const ViewerProvider = ViewerContext;

/** Who looks at the page. */
export function useViewer(): Viewer {
  const viewer = useContext(ViewerContext);
  if (!viewer) throw new Error("useViewer outside of the shell");
  return viewer;
}

/** Whether the viewer may do what needs this scope. The API asks again; this only keeps buttons honest. */
export function useMay(scope: Scope): boolean {
  return useViewer().scopes.includes(scope);
}
