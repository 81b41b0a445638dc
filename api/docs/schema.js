// Schemas of the document: how they are shown, and values that fit them. Text goes into the page as text alone.

// element makes an element; children are elements or text.
export function element(name, attributes = {}, ...children) {
  const e = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value === true) e.setAttribute(attribute, "");
    else if (value !== false && value !== undefined) e.setAttribute(attribute, value);
  }
  e.append(...children);
  return e;
}

// prose shows a description: words between backticks are code.
export function prose(text) {
  const p = element("span");
  text.trim().split("`").forEach((part, i) => p.append(i % 2 ? element("code", {}, part) : part));
  return p;
}

function typeOf(schema) {
  if ("const" in schema) return `always ${JSON.stringify(schema.const)}`;
  if (schema.enum) return `one of ${schema.enum.join(", ")}`;
  const type = [schema.type ?? "anything"].flat().join(" or ");
  const bounds = [];
  if (schema.format) bounds.push(schema.format);
  if (schema.minimum !== undefined) bounds.push(`from ${schema.minimum}`);
  if (schema.maximum !== undefined) bounds.push(`to ${schema.maximum}`);
  if (schema.maxLength !== undefined) bounds.push(`up to ${schema.maxLength} characters`);
  if (schema.maxItems !== undefined) bounds.push(`up to ${schema.maxItems}`);
  if (schema.default !== undefined) bounds.push(`default ${JSON.stringify(schema.default)}`);
  return bounds.length ? `${type} (${bounds.join(", ")})` : type;
}

export class Schemas {
  constructor(doc) { this.doc = doc; }

  // resolve follows a reference; what stands beside it counts as well.
  resolve(value) {
    if (!value?.$ref) return value ?? {};
    const { $ref, ...beside } = value;
    const target = $ref.slice(2).split("/").reduce((at, name) => at?.[name.replaceAll("~1", "/").replaceAll("~0", "~")], this.doc);
    return { ...this.resolve(target), ...beside };
  }

  // merged makes one object of allOf.
  merged(schema) {
    const s = this.resolve(schema);
    if (!s.allOf) return s;
    const all = { ...s, allOf: undefined, properties: { ...s.properties }, required: [...(s.required ?? [])] };
    for (const part of s.allOf) {
      const p = this.merged(part);
      all.type ??= p.type;
      Object.assign(all.properties, p.properties);
      all.required.push(...(p.required ?? []));
    }
    return all;
  }

  show(schema) {
    const s = this.merged(schema);
    const list = element("ul", { class: "schema" });
    for (const [name, property] of Object.entries(s.properties ?? {})) list.append(this.line(name, property, s.required?.includes(name)));
    if (s.items) list.append(this.line("each", s.items, false));
    if (typeof s.additionalProperties === "object") list.append(this.line("any name", s.additionalProperties, false));
    for (const one of s.oneOf ?? s.anyOf ?? []) list.append(this.line("or", one, false));
    if (!list.children.length) list.append(element("li", {}, typeOf(s)));
    return list;
  }

  line(name, schema, required) {
    const s = this.merged(schema);
    const head = [element("code", {}, name), required ? element("span", { class: "always" }, " always ") : " ",
      element("span", { class: "soft" }, typeOf(s)), " ", prose(s.description ?? "")];
    if (!s.properties && !s.items && !s.oneOf && !s.anyOf && typeof s.additionalProperties !== "object") return element("li", {}, ...head);
    const details = element("details", {}, element("summary", {}, ...head));
    details.addEventListener("toggle", () => {
      if (details.open && details.children.length === 1) details.append(this.show(schema));
    });
    return element("li", {}, details);
  }

  // sample is a value that fits a schema.
  sample(schema, depth = 0) {
    const s = this.merged(schema);
    for (const given of [s.example, s.examples?.[0], s.const, s.default, s.enum?.[0]]) if (given !== undefined) return given;
    const type = [s.type].flat()[0];
    if (type === "object" || s.properties) {
      const wanted = Object.entries(s.properties ?? {}).filter(([name]) => depth < 4 && s.required?.includes(name));
      return Object.fromEntries(wanted.map(([name, property]) => [name, this.sample(property, depth + 1)]));
    }
    if (type === "array") return s.items && s.minItems ? [this.sample(s.items, depth + 1)] : [];
    if (type === "integer" || type === "number") return s.minimum ?? 0;
    if (type === "boolean") return false;
    if (s.format === "date-time") return "2026-03-01T12:00:00Z";
    if (s.format === "date") return "2026-03-01";
    if (s.format === "uuid") return "00000000-0000-0000-0000-000000000000";
    return "";
  }
}
