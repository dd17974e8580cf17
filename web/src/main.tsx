import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { RouterProvider } from "react-router";
import { createApi } from "./api/client";
import { session, signInPath } from "./api/session";
import { App } from "./app/App";
import { makeRouter } from "./app/routes";

const api = createApi(() => {
  // The token has ended, or the session has: sign in, and come back here.
  session.token = null;
  window.location.assign(signInPath());
});
const router = makeRouter();

const root = document.getElementById("root");
if (!root) throw new Error("the page has no #root");
createRoot(root).render(
  <StrictMode>
    <App api={api}>
      <RouterProvider router={router} />
    </App>
  </StrictMode>,
);
