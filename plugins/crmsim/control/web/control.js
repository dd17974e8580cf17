// The control page: shows /sim/api/state and the request log, and turns clicks into control requests.
"use strict";

const api = "/sim/api";
let state = null;
let shown = "";          // the state last drawn, as text, so that nothing is redrawn under the pointer
let openObject = "";     // whose fields are listed
let lastSeq = 0;
const byID = (id) => document.getElementById(id);

// el makes an element; text is always set as text, never as markup.
function el(tag, props = {}, ...children) {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...children);
  return node;
}

let messageTimer;
function say(text) {
  const box = byID("message");
  box.textContent = text;
  box.hidden = false;
  clearTimeout(messageTimer);
  messageTimer = setTimeout(() => { box.hidden = true; }, 6000);
}

async function send(method, path, body) {
  const response = await fetch(api + path, {
    method, headers: { "Content-Type": "application/json" }, body: body === undefined ? "{}" : JSON.stringify(body),
  });
  const answer = await response.json().catch(() => ({ error: response.statusText }));
  if (!response.ok) say(answer.error);
  await refresh();
  return response.ok ? answer : null;
}

function toggle(on, enabled, label, change) {
  const input = el("input", { type: "checkbox", className: "switch", checked: on, disabled: !enabled, title: label });
  input.setAttribute("aria-label", label);
  input.addEventListener("change", () => change(input.checked));
  return input;
}

function drawTiles() {
  const t = state.tokens, c = state.counters;
  byID("tiles").replaceChildren(...[
    [`${state.daily_requests.used} / ${state.daily_requests.limit}`, "API calls in 24 hours"],
    [t.authorizations, "authorizations"],
    [t.access_tokens, "live access tokens"],
    [c.token_refreshes, "token refreshes"],
    [c.authorizations_revoked, "authorizations revoked"],
    [state.last_modified.slice(0, 19).replace("T", " "), "last permission change (UTC)"],
  ].map(([figure, text]) => el("div", { className: "tile" }, el("b", {}, String(figure)), el("span", {}, text))));
}

function drawObjects() {
  byID("objects").replaceChildren(...state.objects.map((o) => {
    const set = (key) => (on) => send("POST", `/objects/${o.name}`, { [key]: on });
    const show = el("button", { type: "button" }, o.name === openObject ? "Hide fields" : "Fields");
    show.addEventListener("click", () => { openObject = o.name === openObject ? "" : o.name; draw(); });
    const hidden = o.fields.filter((f) => !f.read || !f.exists).length;
    return el("tr", {},
      el("td", {}, el("strong", {}, o.name), o.read && hidden ? el("span", { className: "off" }, ` ${hidden} hidden`) : ""),
      el("td", { className: "number" }, o.records.toLocaleString("en")),
      el("td", {}, toggle(o.read, o.switchable, `${o.name}: Read`, set("read"))),
      el("td", {}, toggle(o.create, o.switchable && o.may_create && o.read, `${o.name}: Create`, set("create"))),
      el("td", {}, toggle(o.edit, o.switchable && o.may_edit && o.read, `${o.name}: Edit`, set("edit"))),
      el("td", {}, toggle(o.queryable, o.switchable && o.read, `${o.name}: Queryable`, set("queryable"))),
      el("td", { className: "number" }, show));
  }));
}

function drawFields() {
  const o = state.objects.find((candidate) => candidate.name === openObject);
  byID("fields").hidden = !o;
  if (!o) return;
  byID("fields-title").textContent = `Field-level security of ${o.name}`;
  const wanted = byID("fields-search").value.trim().toLowerCase();
  const hideable = byID("fields-hideable").checked;
  const rows = o.fields.filter((f) => (!hideable || f.permissionable || !f.exists) &&
    (f.name + " " + f.label).toLowerCase().includes(wanted));
  byID("field-rows").replaceChildren(...rows.map((f) => {
    const set = (key) => (on) => send("POST", `/objects/${o.name}/fields/${f.name}`, { [key]: on });
    const free = f.permissionable && f.exists && !f.because;
    const why = f.because || (f.permissionable ? "" : "not permissionable: follows the object");
    return el("tr", {},
      el("td", {}, el("code", {}, f.name), el("span", { className: "note" }, " " + f.label)),
      el("td", {}, f.type),
      el("td", {}, toggle(f.read, free, `${f.name}: Read access`, set("read"))),
      el("td", {}, toggle(f.edit, free && f.writable, `${f.name}: Edit access`, set("edit"))),
      el("td", {}, toggle(f.exists, true, `${f.name}: Exists`, set("exists"))),
      el("td", { className: "note" }, why));
  }));
}

function drawFaults() {
  byID("faults").replaceChildren(...state.faults.map((f) => {
    const remove = el("button", { type: "button" }, "Remove");
    remove.addEventListener("click", () => send("DELETE", `/faults/${f.id}`));
    const where = [f.object, f.path, f.parts ? "composite parts" : ""].filter(Boolean).join(", ") || "all data requests";
    const left = f.times ? `${f.times} left` : "until removed";
    return el("li", {}, el("span", {}, el("strong", {}, f.kind), ` ${where}; ${left}; met ${f.hits}`), remove);
  }));
}

function draw() {
  byID("environment").textContent = state.org.sandbox ? "Simulator · Sandbox" : "Simulator · Production";
  byID("org").textContent = `${state.org.name}, organization ${state.org.id}, integration user ${state.org.username}, ` +
    `consumer key ${state.org.client_id}`;
  byID("rotation").checked = state.tokens.rotation;
  drawTiles();
  drawObjects();
  drawFields();
  drawFaults();
}

function drawRequests(requests) {
  const rows = requests.map((r) => el("tr", {},
    el("td", { className: "number" }, String(r.seq)),
    el("td", {}, r.time.slice(11, 19)),
    el("td", { className: "path" }, `${r.method} ${r.path}`, r.soql ? el("div", { className: "note" }, r.soql) : "",
      ...(r.parts || []).map((p) => el("div", { className: "note" }, `${p.status} ${p.method} ${p.path}`))),
    el("td", {}, [r.endpoint, r.object].filter(Boolean).join(" ")),
    el("td", {}, r.counted ? "1" : ""),
    el("td", { className: r.status >= 400 ? "status-bad" : "status-good" }, String(r.status) + (r.fault ? ` ${r.fault}` : ""))));
  const body = byID("requests");
  body.prepend(...rows.reverse());
  while (body.children.length > 200) body.lastChild.remove();
}

// refresh reads one after the other, so that no request is listed twice.
let reading = Promise.resolve();
function refresh() {
  reading = reading.then(readOnce);
  return reading;
}

async function readOnce() {
  try {
    state = await (await fetch(api + "/state")).json();
    const log = await (await fetch(`${api}/requests?after=${lastSeq}`)).json();
    if (log.requests.length) {
      lastSeq = log.requests[log.requests.length - 1].seq;
      drawRequests(log.requests);
    }
    const text = JSON.stringify(state);
    if (text !== shown) {
      shown = text;
      draw();
    }
  } catch {
    say("The simulator does not answer. Is it still running?");
  }
}

function fillObjectLists() {
  for (const o of state.objects) {
    byID("fault-form").elements.object.append(el("option", { value: o.name }, o.name));
    if (o.may_create) byID("record-form").elements.object.append(el("option", { value: o.name }, o.name));
  }
}

byID("fields-search").addEventListener("input", drawFields);
byID("fields-hideable").addEventListener("change", drawFields);
byID("rotation").addEventListener("change", (event) => send("POST", "/rotation", { on: event.target.checked }));
byID("reset").addEventListener("click", () => send("POST", "/reset"));
byID("clear-requests").addEventListener("click", () => {
  byID("requests").replaceChildren();
  send("DELETE", "/requests");
});
for (const button of document.querySelectorAll("[data-post]")) {
  button.addEventListener("click", () => send("POST", button.dataset.post));
}
byID("fault-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target.elements;
  send("POST", "/faults", { kind: form.kind.value, object: form.object.value, path: form.path.value.trim(),
    times: Number(form.times.value), delay_ms: Number(form.delay_ms.value), parts: form.parts.checked });
});
byID("record-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target.elements, action = event.submitter.value;
  const done = await send("POST", `/records/${action}`, { object: form.object.value, count: Number(form.count.value),
    late_seconds: Number(form.late_seconds.value) });
  if (done) say(`${action}: ${done.ids.length} ${form.object.value} records`);
});

refresh().then(fillObjectLists);
setInterval(refresh, 2000);
