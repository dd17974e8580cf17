// Draws what the simulator says of itself. Text is always set as text, never as markup.
const byID = (id) => document.getElementById(id);

function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name === "key") node.dataset.key = value;
    else if (name.startsWith("aria-")) node.setAttribute(name, value);
    else node[name] = value;
  }
  node.append(...children);
  return node;
}

const note = (text) => (text ? el("span", { className: "note" }, text) : "");
const count = (n) => n.toLocaleString("en");

function toggle(on, enabled, label, set) {
  const input = el("input", { type: "checkbox", className: "switch", checked: on, disabled: !enabled, title: label,
    key: label, "aria-label": label });
  input.addEventListener("change", () => set(input.checked));
  return input;
}

// conditions is a list to choose from, the condition alone where there is no choice.
function conditions(item, label, set) {
  if (!item.conditions?.length) return item.condition || "";
  const select = el("select", { key: `${label}: condition`, "aria-label": `${label}: condition` },
    ...["", ...item.conditions].map((value) => el("option", { value }, value || "normal")));
  select.value = item.condition || "";
  select.addEventListener("change", () => set({ condition: select.value }));
  return select;
}

function rights(item, label, set) {
  return ["read", "create", "update"].map((right) => el("td", {},
    toggle(item.rights[right], item.switchable[right], `${label}: ${right}`, (on) => set({ [right]: on }))));
}

export function drawHeader(panel, state, counters, faults) {
  const { instance, quota } = state;
  document.title = `${panel.title} simulator`;
  byID("title").textContent = `${panel.title} simulator`;
  byID("environment").textContent = ["Simulator", instance.environment].filter(Boolean).join(" · ");
  byID("instance").replaceChildren(instance.name, " (", el("code", {}, instance.id), "), user ",
    el("code", {}, instance.username), ", client ", el("code", {}, instance.client_id));
  const named = counters.named || {};
  byID("tiles").replaceChildren(...[
    [quota.limit ? `${count(quota.used)} / ${count(quota.limit)}` : count(quota.used), "API calls of the limit"],
    [count(counters.api_calls), "API calls counted"],
    [count(counters.requests), "requests"],
    [count(named.token_refreshes || 0), "token refreshes"],
    [count(named.authorizations_revoked || 0), "authorizations revoked"],
    [count(faults.length), "faults in force"],
  ].map(([figure, text]) => el("div", { className: "tile" }, el("b", {}, figure), el("span", {}, text))));
}

const limited = (item) => Boolean(item.condition) || ["read", "create", "update"].some(
  (right) => item.switchable[right] && !item.rights[right]);
const switchable = (item) => Boolean(item.conditions?.length) || Object.values(item.switchable).some(Boolean);

export function drawObjects(objects, openObject, set, open) {
  byID("objects").replaceChildren(...objects.map((object) => {
    const shown = object.name === openObject;
    const show = el("button", { type: "button", key: `open ${object.name}`, "aria-expanded": String(shown),
      "aria-controls": "fields", "aria-label": `Fields of ${object.name}` }, shown ? "Hide fields" : "Fields");
    show.addEventListener("click", () => open(object.name));
    const changed = object.rights.read ? object.fields.filter(limited).length : 0;
    const change = (body) => set(object.name, body);
    return el("tr", {},
      el("td", {}, el("strong", {}, object.label), " ", object.label === object.name ? "" : el("code", {}, object.name),
        changed ? el("span", { className: "off" }, ` ${changed} limited`) : "", object.because ? el("br") : "",
        note(object.because)),
      el("td", { className: "number" }, count(object.records)),
      ...rights(object, object.name, change),
      el("td", {}, conditions(object, object.name, change)),
      el("td", { className: "number" }, show));
  }));
}

export function drawFields(object, set) {
  byID("fields").hidden = !object;
  if (!object) return;
  byID("fields-title").textContent = `Fields of ${object.label}`;
  const wanted = byID("fields-search").value.trim().toLowerCase();
  const keep = { all: () => true, switchable, limited }[byID("fields-filter").value];
  const fields = object.fields.filter((field) => keep(field) && `${field.name} ${field.label}`.toLowerCase().includes(wanted));
  byID("fields-count").textContent = `${fields.length} of ${object.fields.length}`;
  byID("field-rows").replaceChildren(...fields.map((field) => {
    const label = `${object.name}.${field.name}`;
    const change = (body) => set(field.name, body);
    return el("tr", {},
      el("td", {}, el("code", {}, field.name), " ", note(field.label)),
      el("td", {}, field.type),
      ...rights(field, label, change),
      el("td", {}, conditions(field, label, change)),
      el("td", { className: "note" }, field.because || ""));
  }));
}

// settings makes the control of a switch by its kind.
const settings = {
  BOOL: (s, set) => toggle(Boolean(s.value), true, s.title, set),
  CHOICE(s, set) {
    const select = el("select", { key: s.key, "aria-label": s.title },
      ...s.options.map((value) => el("option", { value }, value || "none")));
    select.value = s.value ?? "";
    select.addEventListener("change", () => set(select.value));
    return select;
  },
  NUMBER(s, set) {
    const input = el("input", { type: "number", key: s.key, value: s.value ?? 0, "aria-label": s.title });
    input.addEventListener("change", () => set(Number(input.value)));
    return input;
  },
  TEXT(s, set) {
    const input = el("input", { type: "text", key: s.key, value: s.value ?? "", "aria-label": s.title, spellcheck: false });
    input.addEventListener("change", () => set(input.value));
    return input;
  },
  LIST(s, set) {
    const value = s.value ?? [];
    if (!s.options?.length) {
      const area = el("textarea", { key: s.key, value: value.join("\n"), "aria-label": `${s.title}, one a line`, spellcheck: false });
      area.addEventListener("change", () => set(area.value.split("\n").map((line) => line.trim()).filter(Boolean)));
      return area;
    }
    return el("div", { className: "options" }, ...s.options.map((option) => {
      const box = el("input", { type: "checkbox", checked: value.includes(option), key: `${s.key} ${option}` });
      box.addEventListener("change", () => set(s.options.filter((o) => (o === option ? box.checked : value.includes(o)))));
      return el("label", { className: "line" }, box, el("code", {}, option));
    }));
  },
  ACTION(s, set) {
    const button = el("button", { type: "button", key: s.key, "aria-label": s.title }, "Do it");
    button.addEventListener("click", () => set(null));
    return button;
  },
};

export function drawSwitches(switches, set) {
  byID("switches-card").hidden = !switches?.length;
  byID("switches").replaceChildren(...(switches || []).map((s) => {
    const control = settings[s.kind](s, (value) => set(s.key, value));
    if (s.kind === "LIST") return el("fieldset", {}, el("legend", {}, s.title), control, note(s.help));
    return el("div", {}, el("div", { className: "setting" }, el("span", {}, s.title), control), note(s.help));
  }));
}

export function drawFaults({ faults, kinds }, remove) {
  byID("clear-faults").hidden = faults.length === 0;
  byID("faults").replaceChildren(...faults.map((fault) => {
    const button = el("button", { type: "button", key: `fault ${fault.id}`, "aria-label": `Remove fault ${fault.id}` }, "Remove");
    button.addEventListener("click", () => remove(fault.id));
    const title = kinds.find((kind) => kind.key === fault.kind)?.title || fault.kind;
    const where = [fault.object, fault.path, fault.parts ? "parts of batches" : ""].filter(Boolean).join(", ") || "all requests";
    const times = fault.times ? `${fault.times} left` : "until removed";
    const delay = fault.delay_ms ? ` ${fault.delay_ms} ms;` : "";
    return el("li", {}, el("span", {}, el("strong", {}, title), note(` ${where};${delay} ${times}; met ${fault.hits}`)), button);
  }));
}

export function drawCounters(counters) {
  const block = (title, figures) => {
    const entries = Object.entries(figures || {}).sort(([a], [b]) => a.localeCompare(b));
    return entries.length ? [el("div", {}, el("h4", {}, title),
      el("dl", {}, ...entries.flatMap(([name, n]) => [el("dt", {}, name), el("dd", {}, count(n))])))] : [];
  };
  byID("counters").replaceChildren(
    ...block("Everything", { requests: counters.requests, "API calls": counters.api_calls, "met by faults": counters.faults }),
    ...block("By endpoint", counters.by_endpoint), ...block("By object", counters.by_object), ...block("Other", counters.named));
}

export function drawRequests(log) {
  const wanted = byID("requests-search").value.trim().toLowerCase();
  const rows = log.filter((request) => JSON.stringify(request).toLowerCase().includes(wanted));
  byID("requests").replaceChildren(...rows.map((request) => el("tr", {},
    el("td", { className: "number" }, String(request.seq)),
    el("td", {}, request.time.slice(11, 19)),
    el("td", { className: "path" }, `${request.method} ${request.path}`,
      request.detail ? el("div", { className: "note" }, request.detail) : "",
      ...(request.parts || []).map((part) => el("div", { className: "note" },
        [part.status, part.method, part.path, part.fault].filter(Boolean).join(" ")))),
    el("td", {}, [request.endpoint, request.object].filter(Boolean).join(" ")),
    el("td", {}, request.counted ? "1" : ""),
    el("td", { className: request.status >= 400 ? "status-bad" : "status-good" },
      [request.status, request.fault].filter(Boolean).join(" ")))));
}

// fillForms offers the objects and kinds of this simulator, and keeps what was chosen.
export function fillForms(objects, kinds, records) {
  const fill = (select, options) => {
    const chosen = select.value;
    select.replaceChildren(...options.map(([value, text]) => el("option", { value }, text)));
    if (options.some(([value]) => value === chosen)) select.value = chosen;
  };
  const form = byID("fault-form").elements;
  fill(form.kind, kinds.map((kind) => [kind.key, kind.title]));
  fill(form.object, [["", "any"], ...objects.map((object) => [object.name, object.name])]);
  form.delay_ms.disabled = form.kind.value !== "slow";
  byID("records-card").hidden = !records;
  fill(byID("record-form").elements.object, objects.map((object) => [object.name, object.name]));
}
