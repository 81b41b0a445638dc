// The form of a route: what it takes, and what it answers.
import { element, prose } from "./schema.js";

const mostShown = 1 << 20; // characters of an answer

function parameterField(operation, parameter, schemas) {
  const schema = schemas.merged(parameter.schema ?? {});
  const id = `${operation.operationId}-${parameter.in}-${parameter.name}`;
  const attributes = { id, "aria-describedby": `${id}-note`, "data-in": parameter.in, "data-name": parameter.name, required: parameter.required === true };
  const given = parameter.example ?? schema.example;
  let field;
  if (schema.enum || schema.type === "boolean") {
    field = element("select", attributes, ...(parameter.required ? [] : [element("option", { value: "" }, "")]),
      ...(schema.enum ?? [true, false]).map((value) => element("option", {}, String(value))));
  } else {
    field = element("input", { ...attributes, autocomplete: "off", spellcheck: "false", value: given !== undefined ? String(given) : undefined, placeholder: schema.default !== undefined ? String(schema.default) : undefined });
  }
  const place = parameter.in === "path" ? "path" : parameter.in === "header" ? "header" : "query";
  return element("div", {},
    element("label", { for: id }, `${parameter.name}${parameter.required ? " (required)" : ""}`),
    field,
    element("small", { id: `${id}-note` }, `${place}. `, prose(parameter.description ?? "")));
}

function bodyField(operation, schemas) {
  const body = schemas.resolve(operation.requestBody);
  const [media, content] = Object.entries(body.content ?? {})[0] ?? [];
  if (!media) return [];
  const id = `${operation.operationId}-body`;
  const example = content.example ?? Object.values(content.examples ?? {})[0]?.value ?? schemas.sample(content.schema ?? {});
  const text = element("textarea", { id, spellcheck: "false", "data-media": media });
  text.value = typeof example === "string" ? example : JSON.stringify(example, null, 2);
  return [element("label", { for: id }, `Body, ${media}`), text,
    element("details", {}, element("summary", {}, "What it may hold"), schemas.show(content.schema ?? {}))];
}

// request is what the fields say, for fetch.
function request(operation, fields, key) {
  let path = operation.path;
  const query = new URLSearchParams();
  const headers = new Headers();
  for (const field of fields.querySelectorAll("[data-in]")) {
    const { in: place, name } = field.dataset;
    if (place === "path") path = path.replace(`{${name}}`, encodeURIComponent(field.value));
    else if (field.value === "") continue;
    else if (place === "header") headers.set(name, field.value);
    else query.append(name, field.value);
  }
  const basic = operation.security.some((s) => "writeKey" in s);
  if (key && operation.security.length) headers.set("Authorization", basic ? `Basic ${btoa(`${key}:`)}` : `Bearer ${key}`);
  const body = fields.querySelector("[data-media]");
  if (body) headers.set("Content-Type", body.dataset.media === "*/*" ? "application/json" : body.dataset.media);
  return { url: query.size ? `${path}?${query}` : path, method: operation.method.toUpperCase(), headers, body: body?.value || undefined };
}

// read shows an answer as it comes, for some never end.
async function read(response, into) {
  let text = "";
  const json = /[/+]json/.test(response.headers.get("Content-Type") ?? "");
  if (response.body) {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      text = (text + value).slice(-mostShown);
      if (!json) into.textContent = text;
    }
  }
  try {
    into.textContent = json ? JSON.stringify(JSON.parse(text), null, 2) : text;
  } catch {
    into.textContent = text;
  }
}

// form shows the form of a route. key() is the key of the moment.
export function form(operation, schemas, key) {
  const fields = element("div", { class: "fields" }, ...operation.parameters.map((p) => parameterField(operation, p, schemas)));
  const send = element("button", { type: "submit" }, "Send");
  const stop = element("button", { type: "button", disabled: true }, "Stop");
  const line = element("p", { role: "status" });
  const headers = element("pre", { hidden: true, tabindex: "0", "aria-label": "Headers of the answer" });
  const body = element("pre", { hidden: true, tabindex: "0", "aria-label": "Body of the answer" });
  const whole = element("form", { autocomplete: "off", "aria-label": `Send ${operation.method.toUpperCase()} ${operation.path}` },
    fields, ...bodyField(operation, schemas), element("p", {}, send, " ", stop), line, headers, body);
  let control;
  stop.addEventListener("click", () => control?.abort());
  whole.addEventListener("submit", async (event) => {
    event.preventDefault();
    control = new AbortController();
    send.disabled = true;
    stop.disabled = false;
    line.className = "";
    line.textContent = "Waiting for the answer…";
    headers.hidden = body.hidden = true;
    const start = performance.now();
    try {
      const { url, ...init } = request(operation, whole, key());
      const response = await fetch(url, { ...init, credentials: "omit", cache: "no-store", signal: control.signal });
      line.className = response.ok ? "good" : "bad";
      line.textContent = `${response.status} ${response.statusText}, ${Math.round(performance.now() - start)} ms: ${init.method} ${url}`;
      headers.textContent = [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
      body.textContent = "";
      headers.hidden = body.hidden = false;
      await read(response, body);
    } catch (error) {
      if (error.name !== "AbortError") line.className = "bad";
      line.textContent = error.name === "AbortError" ? `${line.textContent} (stopped)` : `There was no answer: ${error.message}`;
    } finally {
      send.disabled = false;
      stop.disabled = true;
    }
  });
  return whole;
}
