// The GraphiQL page: GraphiQL over our two transports, and a bar that says who
// acts: the browser's signed-in session, or a bearer token that is pasted. The
// token goes before the session. It is kept in sessionStorage only, so it ends with
// the browser tab, and is never put into a URL.
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
# Sign in, or paste a bearer token above, then run a query with Ctrl-Enter.
# Subscriptions run over a websocket as the same caller.

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

function TokenBar({ token, member, onChange }) {
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
      <span role="status">{standing(token, member)}</span>
      <a href="/signin">{member ? "Session" : "Sign in"}</a>
    </form>
  );
}

function standing(token, member) {
  if (token) return "Requests carry the token.";
  return member ? `Signed in as ${member}.` : "Requests carry no token.";
}

function Page({ endpoint, wsEndpoint }) {
  const [token, setToken] = useState(() => sessionStorage.getItem(storageKey) ?? "");
  const current = useRef(token);
  const fetcher = useMemo(
    () => createFetcher({ endpoint, wsEndpoint, token: () => current.current }),
    [endpoint, wsEndpoint],
  );
  useEffect(() => () => fetcher.close(), [fetcher]);
  // Whom the browser is signed in as; "" for nobody. The session's cookie is out of
  // this script's reach, so the server is asked.
  const [member, setMember] = useState("");
  useEffect(() => {
    if (token) return;
    fetcher
      .fetch({ query: "{ viewer { name } }" })
      .then((answer) => setMember(answer.data?.viewer?.name ?? ""))
      .catch(() => setMember("")); // GraphiQL shows what is wrong when it is used
  }, [fetcher, token]);
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
      <TokenBar token={token} member={member} onChange={change} />
      {/* A new key makes GraphiQL read the schema again, as the new caller. The
          server shows the schema to callers that it knows only, so to nobody
          GraphiQL (schema null) does not ask for it. */}
      <GraphiQL key={token || `session ${member}`} schema={token || member ? undefined : null} fetcher={fetcher.fetch} defaultQuery={welcome} shouldPersistHeaders={false}>
        <GraphiQL.Logo>GraphiQL</GraphiQL.Logo>
      </GraphiQL>
    </>
  );
}

const root = document.getElementById("graphiql");
setNonce(document.querySelector('meta[name="style-nonce"]').content);
createRoot(root).render(<Page endpoint={root.dataset.endpoint} wsEndpoint={root.dataset.wsEndpoint} />);
