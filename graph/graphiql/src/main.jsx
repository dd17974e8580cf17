// The GraphiQL page: GraphiQL over our two transports, and a bar for the
// bearer token. The token is kept in sessionStorage only, so it ends with the
// browser tab, and is never put into a URL.
import { GraphiQL } from "graphiql";
import "graphiql/graphiql.css";
import "./page.css";
import { setNonce } from "get-nonce";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { createRoot } from "react-dom/client";

import { createFetcher } from "./fetcher.js";

const storageKey = "fieldwarden.token";

const welcome = `# Fieldwarden GraphQL API.
#
# Paste a bearer token above, then run a query with Ctrl-Enter.
# Subscriptions run over a websocket with the same token.

{
  viewer {
    name
    role
    workspace {
      name
    }
  }
  connectors {
    name
    title
    status
  }
}
`;

function TokenBar({ token, onChange }) {
  const [draft, setDraft] = useState("");
  const use = (event) => {
    event.preventDefault();
    const given = draft.trim().replace(/^bearer\s+/i, "");
    if (given) onChange(given);
    setDraft("");
  };
  return (
    <form className="token-bar" onSubmit={use}>
      <strong>Fieldwarden</strong>
      <label htmlFor="token">Bearer token</label>
      <input
        id="token"
        type="password"
        autoComplete="off"
        spellCheck={false}
        value={draft}
        placeholder={token ? "in use; paste another to replace it" : "none: paste one here"}
        onChange={(event) => setDraft(event.target.value)}
      />
      <button type="submit" disabled={!draft.trim()}>
        Use
      </button>
      <button type="button" disabled={!token} onClick={() => onChange("")}>
        Forget
      </button>
      <span role="status">{token ? "Requests carry the token." : "Requests carry no token."}</span>
    </form>
  );
}

function Page({ endpoint, wsEndpoint }) {
  const [token, setToken] = useState(() => sessionStorage.getItem(storageKey) ?? "");
  const current = useRef(token);
  const fetcher = useMemo(
    () => createFetcher({ endpoint, wsEndpoint, token: () => current.current }),
    [endpoint, wsEndpoint],
  );
  useEffect(() => () => fetcher.close(), [fetcher]);
  const change = useCallback(
    (next) => {
      current.current = next;
      if (next) sessionStorage.setItem(storageKey, next);
      else sessionStorage.removeItem(storageKey);
      fetcher.close(); // the next subscription connects with the new token
      setToken(next);
    },
    [fetcher],
  );
  return (
    <>
      <TokenBar token={token} onChange={change} />
      {/* A new key makes GraphiQL read the schema again, as the new caller. The
          server shows the schema to callers with a token only, so without one
          GraphiQL (schema null) does not ask for it. */}
      <GraphiQL key={token} schema={token ? undefined : null} fetcher={fetcher.fetch} defaultQuery={welcome} shouldPersistHeaders={false}>
        <GraphiQL.Logo>GraphiQL</GraphiQL.Logo>
      </GraphiQL>
    </>
  );
}

const root = document.getElementById("graphiql");
setNonce(document.querySelector('meta[name="style-nonce"]').content);
createRoot(root).render(<Page endpoint={root.dataset.endpoint} wsEndpoint={root.dataset.wsEndpoint} />);
