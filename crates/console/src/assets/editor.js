// The policy editor. The JSON text is the truth; the visual side reads it and writes it back, and leaves alone what it cannot show.
// Server and policy engine say what is wrong with the text, which services, actions, keys and operators there are.
"use strict";

const list = (value) => (value === undefined ? [] : Array.isArray(value) ? value : [value]);
const lines = (text) => text.split("\n").filter((line) => line.trim());
const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const areTexts = (value) => list(value).every((one) => typeof one === "string");
// Several texts as they were written before: one alone needs no list, unless there was one with something in it.
const kept = (old, texts) => (texts.length === 1 && !(Array.isArray(old) && old.length) ? texts[0] : texts);
// What a pattern such as s3:Get* stands for, in any case.
const pattern = (text) => new RegExp(`^${text.replace(/[.+^${}()|[\]\\]/g, "\\$&").replace(/\*/g, ".*").replace(/\?/g, ".")}$`, "i");
// A button that does something when it is pressed.
function press(words, does, attributes = {}) {
  const button = element("button", { type: "button", ...attributes }, words);
  button.addEventListener("click", does);
  return button;
}
// A control under its label.
const labelled = (words, control, ...more) => element("label", { className: "labelled" }, words, control, ...more);

// Which operators suit which type of key, the usual one first.
const SUITS = {
  String: /^String/,
  Numeric: /^Numeric/,
  Bool: /^Bool$/,
  Date: /^Date/,
  Arn: /^(Arn|String)/,
  IpAddress: /IpAddress$/,
  Binary: /^Binary/,
};
const LEVELS = ["List", "Read", "Tagging", "Write", "Permissions management"];
const QUALIFIERS = [["", "Default"], ["ForAnyValue:", "For any value in request"], ["ForAllValues:", "For all values in request"]];
// A condition key that is offered by itself, and what is asked of it.
const USUAL = [
  ["MFA required", "Bool", "aws:MultiFactorAuthPresent", ["true"]],
  ["Source IP", "IpAddress", "aws:SourceIp", []],
];

// The conditions of a statement as rows of key, operator and values. A row of its own that Visual cannot show keeps its place.
class Conditions {
  constructor(statement, operators) {
    this.statement = statement;
    this.rows = [];
    for (const [operator, block] of Object.entries(statement.Condition ?? {})) {
      const [, qualifier = "", base, exists = ""] = /^(ForAnyValue:|ForAllValues:)?(.*?)(IfExists)?$/s.exec(operator);
      const known = operators.includes(base) && isObject(block) && Object.keys(block).length > 0;
      if (!known) this.rows.push({ operator, block });
      else for (const [key, value] of Object.entries(block)) this.rows.push({ qualifier, base, exists, key, value });
    }
  }

  // Whether a statement's conditions have the form that is read above.
  static readable(condition) {
    const plain = (value) => ["string", "boolean", "number"].includes(typeof value) && !String(value).includes("\n");
    return condition === undefined || (isObject(condition) && Object.values(condition).every((block) => isObject(block) && Object.values(block).every((value) => list(value).every(plain))));
  }

  // Rows of one operator stand together, and several of one key share its values; a row without a key says nothing yet.
  write() {
    const all = Object.create(null);
    for (const row of this.rows) {
      if (row.block) all[row.operator] = row.block;
      else if (row.key) {
        const block = (all[row.qualifier + row.base + row.exists] ??= Object.create(null));
        block[row.key] = row.key in block ? [...list(block[row.key]), ...list(row.value)] : row.value;
      }
    }
    if (Object.keys(all).length) this.statement.Condition = all;
    else delete this.statement.Condition;
  }
}

class Editor {
  constructor(root) {
    this.root = root;
    this.text = root.querySelector("textarea");
    this.findings = root.querySelector(".findings");
    this.tally = root.querySelector(".tally");
    this.visual = root.querySelector(".visual");
    this.repair = root.querySelector(".repair");
    this.review = root.closest("form").querySelector("[data-review]");
    this.facts = new Map();
    this.text.addEventListener("input", () => this.later());
    this.repair.querySelector("button").addEventListener("click", () => this.mend());
    for (const tab of root.querySelectorAll("[data-view]")) tab.addEventListener("click", () => this.show(tab.dataset.view));
    this.check();
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.check(), 250);
  }

  // Asks the server, which asks the policy engine, what is wrong.
  async check() {
    const number = (this.number = (this.number || 0) + 1);
    const body = new URLSearchParams({ document: this.text.value, kind: this.root.dataset.kind, bucket: location.pathname.split("/")[4] });
    const answer = await fetch(this.root.dataset.validate, { method: "POST", body, headers: { "x-csrf": this.root.dataset.csrf } });
    if (!answer.ok || number !== this.number) return;
    const { findings } = await answer.json();
    this.findings.replaceChildren(...findings.map((finding) => {
      const words = `line ${finding.line}, column ${finding.column}`;
      const place = finding.line ? press(words, () => this.point(finding), { className: "link place", title: "Show in the JSON editor" }) : "";
      return element("li", { className: finding.type }, element("strong", {}, finding.label || finding.type), " ", finding.text, " ", place);
    }));
    const kinds = [["ERROR", "Errors"], ["SECURITY_WARNING", "Security warnings"], ["WARNING", "Warnings"], ["SUGGESTION", "Suggestions"]];
    const count = (type) => findings.filter((finding) => finding.type === type).length;
    this.tally.textContent = kinds.map(([type, name]) => `${name}: ${count(type)}`).join("  ·  ");
    if (this.review) this.review.disabled = count("ERROR") > 0;
    this.offer();
  }

  // Goes to the place that a finding names.
  point({ line, column }) {
    if (this.visual) this.show("json");
    const before = this.text.value.split("\n").slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    const rest = this.text.value.slice(before).split("\n", 1)[0];
    this.text.focus();
    this.text.setSelectionRange(before + Math.min(column - 1, rest.length), before + rest.length);
  }

  // Comments and typographic quotes are what tutorials leave in a pasted document.
  mended() {
    let out = "", inside = false;
    const text = this.text.value.replace(/[\u201c\u201d\u201e\u00ab\u00bb]/g, '"');
    for (let i = 0; i < text.length; i++) {
      const c = text[i];
      if (inside) {
        out += c;
        if (c === "\\") out += text[++i] ?? "";
        else if (c === '"' || c === "\n") inside = false;
      } else if (c === '"') {
        inside = true;
        out += c;
      } else if (c === "#" || (c === "/" && text[i + 1] === "/")) {
        while (i + 1 < text.length && text[i + 1] !== "\n") i++;
        out = out.replace(/[ \t]+$/, "");
      } else out += c;
    }
    return out.replace(/,(\s*[}\]])/g, "$1");
  }

  offer() {
    const mended = this.mended();
    this.repair.hidden = mended === this.text.value;
    this.repair.querySelector("span").textContent = " Take out comments, straighten typographic quotes, drop trailing commas.";
  }

  mend() {
    this.text.value = this.mended();
    this.check();
    if (this.visual && !this.visual.hidden) this.read();
  }

  show(view) {
    for (const tab of this.root.querySelectorAll("[data-view]")) tab.setAttribute("aria-selected", String(tab.dataset.view === view));
    this.visual.hidden = view !== "visual";
    this.text.hidden = view === "visual";
    if (view === "visual") this.read();
  }

  // What services, keys and operators there are; or what one service has. Asked once.
  known(service = "") {
    if (!this.facts.has(service)) {
      const empty = { services: [], keys: [], operators: [], actions: [], resources: [] };
      const address = service ? `${this.root.dataset.actions}/${service}` : this.root.dataset.actions;
      this.facts.set(service, fetch(address).then(async (answer) => ({ ...empty, ...(answer.ok ? await answer.json() : {}) })));
    }
    return this.facts.get(service);
  }

  // Reads the text anew, and shows it.
  async read() {
    const text = this.text.value;
    const refuse = (why, kind) => this.visual.replaceChildren(element("p", { className: `flash ${kind}` }, why));
    let policy;
    try {
      policy = JSON.parse(text);
    } catch {
      return refuse("The text is not JSON yet: mend it in the JSON editor first.", "bad");
    }
    // What is written back must be what was read: a key that stands twice, or a number such as 1.0, would not be.
    const plain = text.replace(/"(?:[^"\\]|\\.)*"|\s+/g, (part) => (part[0] === '"' ? JSON.stringify(JSON.parse(part)) : ""));
    if (!isObject(policy) || plain !== JSON.stringify(policy)) return refuse("The text has something that the visual editor would not write again as it is: edit it in the JSON editor.", "note");
    const { operators, services, keys } = await this.known();
    if (this.text.value !== text) return this.read();
    this.policy = policy;
    this.alone = isObject(policy.Statement);
    this.statements = list(policy.Statement);
    this.operators = operators;
    this.globals = keys;
    this.conditions = new Map();
    this.services = element("datalist", { id: "services-known" }, ...services.map(([prefix, name]) => element("option", { value: prefix }, name)));
    this.draw();
  }

  write() {
    this.policy.Statement = this.alone && this.statements.length === 1 ? this.statements[0] : this.statements;
    this.text.value = JSON.stringify(this.policy, null, 2);
    this.later();
  }

  draw() {
    const add = press("Add more permissions", () => {
      this.statements.push({ Effect: "Allow", Action: [], Resource: [] });
      this.write();
      this.draw();
      this.visual.querySelector(".statement-card:last-of-type select")?.focus();
    });
    this.visual.replaceChildren(this.services, ...this.statements.map((statement, n) => this.card(statement, n)), add);
  }

  // The elements of a statement that are edited here; whatever else it has is for the JSON editor.
  static readable(statement) {
    return (
      isObject(statement) &&
      Object.keys(statement).every((name) => ["Sid", "Effect", "Action", "Resource", "Condition"].includes(name)) &&
      ["Allow", "Deny"].includes(statement.Effect) &&
      areTexts(statement.Action) &&
      areTexts(statement.Resource) &&
      Conditions.readable(statement.Condition)
    );
  }

  card(statement, n) {
    const named = typeof statement?.Sid === "string" && statement.Sid ? `: ${statement.Sid}` : "";
    const remove = press("Remove", () => {
      this.statements.splice(n, 1);
      this.write();
      this.draw();
    }, { className: "danger", ariaLabel: `Remove statement ${n + 1}` });
    const head = element("div", { className: "head" }, element("h3", {}, `Statement ${n + 1}${named}`), remove);
    const card = element("section", { className: "panel statement-card" }, head);
    if (!Editor.readable(statement)) {
      card.append(element("p", { className: "flash note" }, "This statement has elements that only the JSON editor shows. It stays as it is."));
      return card;
    }
    const of = (what) => `${what} of statement ${n + 1}`;
    const effect = element("select", { ariaLabel: of("Effect") }, element("option", {}, "Allow"), element("option", {}, "Deny"));
    effect.value = statement.Effect;
    effect.addEventListener("change", () => {
      statement.Effect = effect.value;
      this.write();
    });
    const area = (name, rows) => {
      const made = element("textarea", { rows, spellcheck: false, ariaLabel: of(`${name}s`) }, list(statement[name]).join("\n"));
      made.addEventListener("input", () => {
        statement[name] = kept(statement[name], lines(made.value).map((line) => line.trim()));
        this.write();
      });
      return made;
    };
    const actions = area("Action", 4);
    const resources = area("Resource", 3);
    const service = element("input", { type: "text", placeholder: "Such as s3", autocomplete: "off", spellcheck: false, ariaLabel: of("Service") });
    service.setAttribute("list", "services-known");
    const picker = element("div", { className: "picker" });
    const formats = element("div", { className: "actions formats" });
    const keys = element("datalist", { id: `keys-of-${n + 1}` });
    const parts = { picker, formats, keys, actions, resources };
    const prefix = () => list(statement.Action).map((action) => /^([a-z0-9-]+):/i.exec(action)?.[1].toLowerCase()).find(Boolean) ?? "";
    const choose = () => this.pick(service.value.trim().toLowerCase(), parts);
    service.value = prefix();
    service.addEventListener("change", choose);
    actions.addEventListener("input", () => parts.refresh?.());
    actions.addEventListener("change", () => {
      if (service.value || !prefix()) return;
      service.value = prefix();
      choose();
    });
    card.append(
      labelled("Effect", effect),
      labelled("Actions, one a line", actions),
      labelled("Choose among the actions of a service", service),
      picker,
      labelled("Resources, one a line", resources),
      formats,
      this.conditionsOf(statement, n, parts),
    );
    choose();
    return card;
  }

  // What a service offers to a statement: its actions by access level, to tick; the forms of its ARNs; its condition keys.
  async pick(service, parts) {
    parts.service = service;
    const known = await this.known(/^[a-z0-9-]+$/.test(service) ? service : "");
    if (parts.service !== service) return;
    const { picker, formats, keys, actions, resources } = parts;
    parts.known = [...new Map([...known.keys, ...this.globals].map((key) => [key.name.toLowerCase(), key])).values()];
    keys.replaceChildren(...parts.known.map((key) => element("option", { value: key.name })));
    const chosen = (area) => lines(area.value).map((line) => line.trim());
    const write = (area, texts) => {
      area.value = texts.join("\n");
      area.dispatchEvent(new Event("input"));
    };
    const form = (name, arn) => press(name, () => {
      write(resources, arn === "*" ? ["*"] : [...chosen(resources).filter((line) => line !== "*" && line !== arn), arn]);
      resources.focus();
    }, { title: arn });
    const arns = known.resources.map(({ name, arn }) => ({ name, button: form(`Add ${name}`, arn) }));
    formats.replaceChildren(form("All resources", "*"), ...arns.map(({ button }) => button));
    const boxes = known.actions.map(({ name, level, resources: on }) => {
      const full = `${service}:${name}`;
      const box = element("input", { type: "checkbox" });
      box.addEventListener("change", () => {
        const rest = chosen(actions).filter((line) => line.toLowerCase() !== full.toLowerCase());
        write(actions, box.checked ? [...rest, full] : rest);
      });
      return { full, level, on, box, label: element("label", { className: "check" }, box, name) };
    });
    const levels = LEVELS.map((level) => ({ level, summary: element("summary"), of: boxes.filter((box) => box.level === level) })).filter(({ of }) => of.length);
    // A pattern ticks what it stands for, and keeps it ticked.
    parts.refresh = () => {
      const names = chosen(actions);
      const patterns = names.filter((line) => /[*?]/.test(line)).map(pattern);
      for (const { full, box } of boxes) {
        box.disabled = patterns.some((one) => one.test(full));
        box.checked = box.disabled || names.some((line) => line.toLowerCase() === full.toLowerCase());
      }
      // Of the forms of ARNs those that one of the actions works on.
      const on = new Set(boxes.filter(({ box }) => box.checked).flatMap((one) => one.on));
      for (const { name, button } of arns) button.hidden = !on.has(name);
      for (const { level, summary, of } of levels) summary.textContent = `${level} (${of.filter(({ box }) => box.checked).length} of ${of.length})`;
    };
    parts.refresh();
    const none = service && !boxes.length ? [element("p", { className: "hint" }, "There is no such service.")] : [];
    picker.replaceChildren(...none, ...levels.map(({ summary, of }) => element("details", {}, summary, element("div", { className: "boxes" }, ...of.map(({ label }) => label)))));
  }

  // The conditions of a statement, a row for each key.
  conditionsOf(statement, n, parts) {
    if (!this.conditions.has(statement)) this.conditions.set(statement, new Conditions(statement, this.operators));
    const conditions = this.conditions.get(statement);
    const rows = element("div", { className: "conditions" });
    const write = () => {
      conditions.write();
      this.write();
    };
    const redraw = () => {
      rows.replaceChildren(...conditions.rows.map((row, at) => this.condition(row, at, n, parts, write, () => {
        conditions.rows.splice(at, 1);
        write();
        redraw();
      })));
      usual.replaceChildren(...USUAL.filter(([, , key]) => !conditions.rows.some((row) => row.key?.toLowerCase() === key.toLowerCase())).map(([words, base, key, value]) => press(words, () => add({ base, key, value: value.length ? value[0] : [] }, value.length ? "" : "textarea"))));
    };
    const add = (row, field) => {
      conditions.rows.push({ qualifier: "", exists: "", ...row });
      write();
      redraw();
      if (field) rows.lastChild.querySelector(field).focus();
    };
    const usual = element("span", { className: "usual" });
    const another = press("Add condition", () => add({ base: "StringEquals", key: "", value: [] }, "input"), { ariaLabel: `Add condition to statement ${n + 1}` });
    redraw();
    return element("fieldset", {}, element("legend", {}, "Request conditions – Optional"), parts.keys, rows, element("div", { className: "actions" }, another, usual));
  }

  condition(row, at, n, parts, write, remove) {
    const of = (what) => `${what} of condition ${at + 1} of statement ${n + 1}`;
    if (row.block) {
      return element("p", { className: "flash note" }, `${row.operator}: only the JSON editor shows this condition. It stays as it is.`);
    }
    const option = (value, words) => element("option", { value }, words);
    const key = element("input", { type: "text", value: row.key, autocomplete: "off", spellcheck: false, placeholder: "Such as aws:SourceVpc", ariaLabel: of("Key") });
    key.setAttribute("list", parts.keys.id);
    const qualifier = element("select", { ariaLabel: of("Qualifier") }, ...QUALIFIERS.map(([value, words]) => option(value, words)));
    const operator = element("select", { ariaLabel: of("Operator") }, ...this.operators.map((name) => option(name, name)));
    const exists = element("input", { type: "checkbox", ariaLabel: of("If exists") });
    const values = element("textarea", { rows: Math.min(6, Math.max(1, list(row.value).length)), spellcheck: false, ariaLabel: of("Values") }, list(row.value).join("\n"));
    const show = () => {
      qualifier.value = row.qualifier;
      operator.value = row.base;
      exists.checked = Boolean(row.exists);
      exists.disabled = row.base === "Null";
    };
    const change = (made) => {
      Object.assign(row, made);
      if (row.base === "Null") row.exists = "";
      show();
      write();
    };
    key.addEventListener("input", () => {
      const found = parts.known?.find((known) => known.name.toLowerCase() === key.value.trim().toLowerCase());
      // Whoever has not said yet what is asked gets the operator that the key's type wants.
      const suits = found && !list(row.value).length && !SUITS[found.type].test(row.base);
      const base = suits ? this.operators.find((name) => SUITS[found.type].test(name)) : row.base;
      const many = found?.many && !list(row.value).length && !row.qualifier;
      change({ key: key.value.trim(), base, qualifier: many ? "ForAnyValue:" : row.qualifier });
    });
    qualifier.addEventListener("change", () => change({ qualifier: qualifier.value }));
    operator.addEventListener("change", () => change({ base: operator.value }));
    exists.addEventListener("change", () => change({ exists: exists.checked ? "IfExists" : "" }));
    values.addEventListener("input", () => change({ value: kept(row.value, lines(values.value)) }));
    show();
    return element(
      "div",
      { className: "condition" },
      labelled("Condition key", key),
      labelled("Qualifier", qualifier),
      labelled("Operator", operator),
      labelled("Values, one a line", values),
      press("Remove", remove, { ariaLabel: of("Remove") }),
      element("label", { className: "check" }, exists, "If exists"),
    );
  }
}
document.querySelectorAll(".editor").forEach((root) => new Editor(root));
