// The form of a route: what it takes, and what it answers.
import { element, prose } from "./schema.js";

const mostShown = 1 << 20; // characters of an answer
const mostColoured = 1 << 17;

// fresh is a name for a write, so that sending it again does it once.
const fresh = () => [...crypto.getRandomValues(new Uint8Array(8))].map((b) => b.toString(16).padStart(2, "0")).join("");

function parameterField(operation, parameter, schemas) {
  const schema = schemas.merged(parameter.schema ?? {});
  const id = `${operation.operationId}-${parameter.in}-${parameter.name}`;
  const attributes = { id, "aria-describedby": `${id}-note`, "data-in": parameter.in, "data-name": parameter.name, required: parameter.required === true };
  const given = parameter.name === "Idempotency-Key" ? fresh() : parameter.example ?? schema.example;
  let field;
  if (schema.enum || schema.type === "boolean") {
    field = element("select", attributes, ...(parameter.required ? [] : [element("option", { value: "" }, "")]),
      ...(schema.enum ?? [true, false]).map((value) => element("option", {}, String(value))));
  } else {
    field = element("input", { ...attributes, autocomplete: "off", spellcheck: "false", value: given !== undefined ? String(given) : undefined, placeholder: schema.default !== undefined ? String(schema.default) : undefined });
  }
  return [
    element("label", { for: id }, parameter.name),
    element("div", {}, field, element("small", { id: `${id}-note` }, parameter.required && !field.value ? "Required. " : "", parameter.in === "header" ? "Header. " : "", prose(parameter.description ?? "")))];
}

// parameterFields shows those that have to be given, and the others where there are few.
function parameterFields(operation, schemas) {
  const parameters = parametersOf(operation, schemas);
  const show = (list) => element("div", { class: "fields" }, ...list.flatMap((p) => parameterField(operation, p, schemas)));
  const optional = parameters.filter((p) => !p.required);
  if (optional.length < 3) return [show(parameters)];
  const required = parameters.filter((p) => p.required);
  return [...(required.length ? [show(required)] : []),
    element("details", { class: "optional" }, element("summary", {}, `${optional.length} ${required.length ? "more" : "optional"} parameters`), show(optional))];
}

function bodyField(operation, schemas) {
  const body = schemas.resolve(operation.requestBody);
  const [media, content] = Object.entries(body.content ?? {})[0] ?? [];
  if (!media) return [];
  const id = `${operation.operationId}-body`;
  const example = content.example ?? Object.values(content.examples ?? {})[0]?.value ?? schemas.sample(content.schema ?? {});
  const text = element("textarea", { id, spellcheck: "false", "data-media": media });
  text.value = typeof example === "string" ? example : JSON.stringify(example, null, 2);
  return [element("h3", {}, element("label", { for: id }, `Body, ${media}`)), text,
    element("details", { class: "more" }, element("summary", {}, "What it may hold"), schemas.show(content.schema ?? {}))];
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

// curl is the same request for a shell; the key is its variable.
function curl({ url, method, headers, body }) {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const said = [`curl${method === "GET" ? "" : ` -X ${method}`} ${quoted(location.origin + url)}`];
  for (const [name, value] of headers) {
    if (name !== "authorization") said.push(`-H ${quoted(`${name}: ${value}`)}`);
    else said.push(value.startsWith("Basic") ? `-u "$KEY:"` : `-H "Authorization: Bearer $KEY"`);
  }
  if (body) said.push(`-d ${quoted(body)}`);
  return said.join(" \\\n  ");
}

// coloured splits JSON into what is a name, a text, or another word.
function coloured(json) {
  const parts = [];
  let at = 0;
  for (const found of json.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\b\d[\d.eE+-]*/g)) {
    parts.push(json.slice(at, found.index), element("span", { class: found[2] ? "name" : found[1] ? "text" : "word" }, found[1] ?? found[0]), found[2] ?? "");
    at = found.index + found[0].length;
  }
  return [...parts, json.slice(at)];
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
      if (json) continue;
      const follow = /event-stream/.test(response.headers.get("Content-Type")) && into.scrollTop + into.clientHeight >= into.scrollHeight - 4;
      into.textContent = text;
      if (follow) into.scrollTop = into.scrollHeight;
    }
  }
  try {
    const shown = json ? JSON.stringify(JSON.parse(text), null, 2) : text;
    into.replaceChildren(...(json && shown.length < mostColoured ? coloured(shown) : [shown]));
  } catch {
    into.textContent = text;
  }
}

// parametersOf are the operation's, and the form of the answer where there are several.
function parametersOf(operation, schemas) {
  const forms = Object.keys(schemas.resolve(operation.responses["200"]).content ?? {});
  if (forms.length < 2) return operation.parameters;
  return [...operation.parameters, { name: "Accept", in: "header", required: true, description: "The form of the answer.", schema: { enum: forms } }];
}

// form shows the form of a route. key() is the key of the moment.
export function form(operation, schemas, key) {
  const send = element("button", { type: "submit" }, "Send");
  const stop = element("button", { type: "button", hidden: true }, "Stop");
  const line = element("p", { class: "line", role: "status" });
  const headers = element("pre", { tabindex: "0", "aria-label": "Headers of the answer" });
  const headersOf = element("details", { class: "more", hidden: true }, element("summary", {}, "Headers"), headers);
  const body = element("pre", { hidden: true, tabindex: "0", "aria-label": "Body of the answer" });
  const shell = element("pre", { tabindex: "0", "aria-label": "The request for a shell" });
  const whole = element("form", { autocomplete: "off", "aria-label": `Send ${operation.method.toUpperCase()} ${operation.path}` },
    ...(operation.parameters.length ? [element("h3", {}, "Parameters")] : []), ...parameterFields(operation, schemas), ...bodyField(operation, schemas),
    element("p", { class: "buttons" }, send, stop), line, body, headersOf,
    element("details", { class: "more" }, element("summary", {}, "As curl"), shell));
  const writeShell = () => { shell.textContent = curl(request(operation, whole, "$KEY")); };
  writeShell();
  whole.addEventListener("input", (event) => {
    const once = whole.querySelector("[data-name=Idempotency-Key]");
    if (once && event.target.dataset.media) once.value = fresh(); // another body is another write
    writeShell();
  });
  let control;
  stop.addEventListener("click", () => control?.abort());
  whole.addEventListener("submit", async (event) => {
    event.preventDefault();
    control = new AbortController();
    send.disabled = true;
    stop.hidden = false;
    line.className = "line";
    line.textContent = "Waiting for the answer…";
    headersOf.hidden = body.hidden = true;
    const start = performance.now();
    try {
      const { url, ...init } = request(operation, whole, key());
      const response = await fetch(url, { ...init, credentials: "omit", cache: "no-store", signal: control.signal });
      line.classList.add(response.ok ? "good" : "bad");
      line.textContent = `${response.status} ${response.statusText}, ${Math.round(performance.now() - start)} ms`;
      headers.textContent = [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
      body.textContent = "";
      headersOf.hidden = body.hidden = false;
      await read(response, body);
    } catch (error) {
      if (error.name !== "AbortError") line.classList.add("bad");
      line.textContent = error.name === "AbortError" ? `${line.textContent} (stopped)` : `There was no answer: ${error.message}`;
    } finally {
      if (!body.textContent) body.hidden = true;
      send.disabled = false;
      stop.hidden = true;
    }
  });
  return whole;
}
