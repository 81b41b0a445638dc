// The page: the routes of the document by tag. What is in one is made when it is opened.
import { form } from "./request.js";
import { element, prose, Schemas } from "./schema.js";

// Those of browsers and probes are shown only to whoever looks for them.
const minor = ["head", "options"];
const methods = ["get", "put", "post", "patch", "delete", "head", "options"];

// The key is in this variable and nowhere else.
let key = "";

const keyField = document.getElementById("key");
keyField.addEventListener("input", () => { key = keyField.value.trim(); });
document.getElementById("settings").addEventListener("submit", (event) => event.preventDefault());

const main = document.getElementById("operations");
const status = document.getElementById("status");

function operationsOf(doc, schemas) {
  const all = [];
  for (const [path, item] of Object.entries(doc.paths)) {
    for (const method of methods) {
      if (!item[method]) continue;
      const operation = item[method];
      const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])].map((p) => schemas.resolve(p));
      all.push({ ...operation, path, method, parameters, security: operation.security ?? doc.security ?? [] });
    }
  }
  return all;
}

function answers(operation, schemas) {
  const list = element("div");
  for (const [code, response] of Object.entries(operation.responses)) {
    const r = schemas.resolve(response);
    const answer = element("details", { class: "answer" }, element("summary", {}, element("code", {}, code), " ", prose(r.description ?? "")));
    for (const name of Object.keys(r.headers ?? {})) answer.append(element("p", { class: "soft" }, `Header ${name}: ${schemas.resolve(r.headers[name]).description ?? ""}`));
    for (const [media, content] of Object.entries(r.content ?? {})) {
      answer.append(element("p", { class: "soft" }, media), schemas.show(content.schema ?? {}));
    }
    list.append(answer);
  }
  return list;
}

// need says which key opens an operation. One that sends events is used from a web page only if it was made for that.
function need(operation) {
  const scope = operation["x-scope"];
  if (scope === "public" || operation.security.length === 0) return "Needs no key.";
  if (operation.security.some((s) => "writeKey" in s)) return prose(`Needs a write key that this page may use: \`tributary keys create --kind write --source web --origin ${location.origin}\`.`);
  return scope === "any" ? "Needs a key." : prose(`Needs a key with the scope \`${scope}\`.`);
}

function inside(operation, schemas) {
  return element("div", {},
    prose(operation.description ?? ""), " ",
    element("span", { class: "soft" }, need(operation)),
    form(operation, schemas, () => key),
    element("h3", {}, "Answers"),
    answers(operation, schemas));
}

function show(operation, schemas) {
  const details = element("details", { class: "operation", id: operation.operationId, "data-minor": minor.includes(operation.method), hidden: minor.includes(operation.method) },
    element("summary", {},
      element("span", { class: `method ${operation.method}` }, operation.method.toUpperCase()),
      element("span", { class: "path" }, operation.path),
      element("span", { class: "soft" }, operation.summary ?? "")));
  details.addEventListener("toggle", () => {
    if (!details.open) return;
    if (details.children.length === 1) details.append(inside(operation, schemas));
    history.replaceState(null, "", `#${operation.operationId}`);
  });
  return details;
}

function count(shown) { status.textContent = shown === 1 ? "1 route" : `${shown} routes`; }

function filtered(sections) {
  const field = document.getElementById("filter");
  field.addEventListener("input", () => {
    const wanted = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const section of sections) {
      let some = false;
      for (const details of section.querySelectorAll(".operation")) {
        const text = `${details.id} ${details.querySelector("summary").textContent}`.toLowerCase();
        details.hidden = wanted.length ? !wanted.every((word) => text.includes(word)) : "minor" in details.dataset;
        if (!details.hidden) { some = true; shown++; }
      }
      section.hidden = !some;
    }
    count(shown);
  });
}

function render(doc) {
  const schemas = new Schemas(doc);
  const operations = operationsOf(doc, schemas);
  const sections = (doc.tags ?? []).map((tag) => element("section", { "aria-labelledby": `section-${tag.name}` },
    element("h2", { id: `section-${tag.name}` }, tag.name),
    element("p", { class: "soft" }, tag.description ?? ""),
    ...operations.filter((o) => (o.tags ?? []).includes(tag.name)).map((o) => show(o, schemas))));
  count(operations.filter((o) => !minor.includes(o.method)).length);
  document.getElementById("sections").append(...doc.tags.map((tag) => element("a", { href: `#section-${tag.name}` }, tag.name)));
  main.append(...sections);
  filtered(sections);
  const wanted = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (wanted?.classList.contains("operation")) wanted.open = true;
  wanted?.scrollIntoView();
}

try {
  const response = await fetch("/v1/openapi.json", { credentials: "omit" });
  if (!response.ok) throw new Error(`it is answered with ${response.status}`);
  render(await response.json());
} catch (error) {
  status.textContent = `The document cannot be read: ${error.message}`;
  status.className = "bad";
}
