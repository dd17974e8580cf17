// The control page: reads what a simulator says of itself, shows it, and turns clicks into control requests.
import { drawCounters, drawFaults, drawFields, drawHeader, drawObjects, drawRequests, drawSwitches, fillForms } from "./view.js";

const api = "/sim/api";
const byID = (id) => document.getElementById(id);
let panels = [];
let panel = null;        // the one shown
let openObject = "";     // whose fields are listed
let log = [];            // requests, newest first
let lastSeq = 0;
let shown = {};          // what was drawn last, as text, so that nothing is redrawn under the pointer
const logLength = 300;

let messageTimer;
function say(text) {
  byID("message").textContent = text;
  byID("message").hidden = false;
  clearTimeout(messageTimer);
  messageTimer = setTimeout(() => { byID("message").hidden = true; }, 6000);
}

async function call(method, path, body) {
  const options = method === "GET" ? {} : {
    method, headers: { "Content-Type": "application/json" }, body: body === undefined ? undefined : JSON.stringify(body),
  };
  const response = await fetch(api + path, options);
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error || `${response.status} ${response.statusText}`);
  return answer;
}

// change sends one control request and shows what came of it; null if it was refused.
async function change(method, path, body) {
  let answer = null;
  try {
    answer = await call(method, `/${panel.key}${path}`, body);
  } catch (error) {
    say(error.message);
    shown = {}; // a refused switch must jump back
  }
  await refresh();
  return answer;
}

// redraw runs draw if the value differs from the last one, and gives the focus back to the control that had it.
function redraw(name, value, draw) {
  const text = JSON.stringify(value);
  if (shown[name] === text) return;
  shown[name] = text;
  const key = document.activeElement?.dataset?.key;
  draw();
  if (key) document.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
}

let latest = null;
function draw() {
  const { state, counters, faults } = latest;
  const path = encodeURIComponent;
  redraw("header", [state.instance, state.quota, counters.requests, counters.named, faults.faults.length],
    () => drawHeader(panel, state, counters, faults.faults));
  redraw("objects", [state.objects, openObject], () => {
    drawObjects(state.objects, openObject,
      (object, body) => change("PUT", `/objects/${path(object)}`, body),
      (object) => { openObject = openObject === object ? "" : object; draw(); });
  });
  const open = state.objects.find((object) => object.name === openObject);
  redraw("fields", [open, byID("fields-search").value, byID("fields-filter").value], () => drawFields(open,
    (field, body) => change("PUT", `/objects/${path(open.name)}/fields/${path(field)}`, body)));
  redraw("switches", state.switches, () => drawSwitches(state.switches,
    (key, value) => change("PUT", `/switches/${path(key)}`, { value })));
  redraw("faults", faults.faults, () => drawFaults(faults, (id) => change("DELETE", `/faults/${id}`)));
  redraw("counters", counters, () => drawCounters(counters));
  redraw("requests", [lastSeq, log.length, byID("requests-search").value], () => drawRequests(log));
  redraw("forms", [panel.key, state.objects.map((object) => object.name)],
    () => fillForms(state.objects, faults.kinds, panel.records));
}

// refresh reads one after the other, so that no request is listed twice.
let reading = Promise.resolve();
function refresh() {
  reading = reading.then(readOnce);
  return reading;
}

async function readOnce() {
  const of = panel;
  if (!of) return;
  try {
    const [state, counters, faults, requests] = await Promise.all([
      call("GET", `/${of.key}/state`), call("GET", `/${of.key}/counters`), call("GET", `/${of.key}/faults`),
      call("GET", `/${of.key}/requests?after=${lastSeq}`),
    ]);
    if (of !== panel) return; // another tab was opened meanwhile
    latest = { state, counters, faults };
    if (requests.requests.length) {
      lastSeq = requests.requests.at(-1).seq;
      log = [...requests.requests.reverse(), ...log].slice(0, logLength);
    }
    draw();
  } catch (error) {
    console.error(error);
    say("The simulator does not answer. Is it still running?");
  }
}

function open(key) {
  panel = panels.find((candidate) => candidate.key === key) || panels[0];
  openObject = ""; log = []; lastSeq = 0; shown = {}; latest = null;
  byID("fields-search").value = ""; byID("requests-search").value = "";
  for (const tab of byID("tabs").children) {
    const selected = tab.dataset.panel === panel.key;
    tab.setAttribute("aria-selected", String(selected));
    tab.tabIndex = selected ? 0 : -1;
    if (selected) byID("panel").setAttribute("aria-labelledby", tab.id);
  }
  return refresh();
}

function drawTabs() {
  byID("tabs").hidden = panels.length < 2;
  byID("tabs").replaceChildren(...panels.map(({ key, title }) => {
    const tab = Object.assign(document.createElement("button"), { type: "button", id: `tab-${key}`, textContent: title });
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", "panel");
    tab.dataset.panel = key;
    tab.addEventListener("click", () => { location.hash = key; });
    return tab;
  }));
}

byID("tabs").addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const at = panels.indexOf(panel), next = panels[(at + step + panels.length) % panels.length];
  location.hash = next.key;
  byID(`tab-${next.key}`).focus();
});
window.addEventListener("hashchange", () => open(location.hash.slice(1)));
byID("fields-search").addEventListener("input", () => draw());
byID("fields-filter").addEventListener("change", () => draw());
byID("requests-search").addEventListener("input", () => draw());
byID("clear-faults").addEventListener("click", () => change("DELETE", "/faults"));
byID("clear-requests").addEventListener("click", () => { log = []; change("DELETE", "/requests"); });
byID("fault-form").elements.kind.addEventListener("change", (event) => {
  byID("fault-form").elements.delay_ms.disabled = event.target.value !== "slow";
});
byID("fault-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target.elements, slow = form.kind.value === "slow";
  change("POST", "/faults", { kind: form.kind.value, object: form.object.value, path: form.path.value.trim(),
    times: Number(form.times.value), delay_ms: slow ? Number(form.delay_ms.value) : 0, parts: form.parts.checked });
});
byID("record-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target.elements, action = event.submitter.value;
  const done = await change("POST", "/records", { action, object: form.object.value, count: Number(form.count.value),
    late_seconds: Number(form.late_seconds.value) });
  if (done) say(`${form.object.value}: ${done.ids.length} ${event.submitter.textContent.toLowerCase()}d`);
});

try {
  ({ panels } = await call("GET", ""));
  drawTabs();
  await open(location.hash.slice(1));
} catch (error) {
  say(error.message);
}
setInterval(() => { if (!document.hidden) refresh(); }, 2000);
