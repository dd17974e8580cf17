import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import license from "rollup-plugin-license";
import { defineConfig } from "vitest/config";

// The server that `npm run dev` talks to.
const server = process.env.FIELDWARDEN_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  base: "/",
  plugins: [react()],
  resolve: { alias: { "~": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
    rolldownOptions: {
      plugins: [
        license({
          thirdParty: { output: fileURLToPath(new URL("./dist/NOTICE.txt", import.meta.url)) },
        }),
      ],
    },
  },
  server: {
    proxy: Object.fromEntries(
      ["/graphql", "/signin", "/signout", "/oauth", "/docs", "/export", "/graphiql"].map((path) => [
        path,
        {
          target: server,
          changeOrigin: true,
          ws: path === "/graphql",
          // The server takes requests by cookie from its own pages only.
          headers: { origin: server },
        },
      ]),
    ),
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/test/setup.ts"],
    restoreMocks: true,
    // A shared machine is slow; a test that hangs still ends.
    testTimeout: 60_000,
  },
});
