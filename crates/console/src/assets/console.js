// What a page cannot do by itself: copy, close menus, tick all, ask before deleting. Every form works without it.
"use strict";

document.addEventListener("click", (event) => {
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    navigator.clipboard?.writeText(copy.dataset.copy).then(() => {
      copy.classList.add("copied");
      setTimeout(() => copy.classList.remove("copied"), 1200);
    });
  }
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  const opens = event.target.closest("[data-opens]");
  if (opens) document.getElementById(opens.dataset.opens)?.showModal();
  if (event.target.closest("[data-closes]")) event.target.closest("dialog")?.close();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// A box that ticks all boxes of its table.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-all]")) {
    for (const box of event.target.closest("table").querySelectorAll("tbody input[type=checkbox]")) box.checked = event.target.checked;
  }
});

// What scrolls sideways is reached by the keyboard, too.
const scrolls = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
document.querySelectorAll("table").forEach((table) => scrolls.observe(table));

// What takes longer than its page comes after it, from a page of its own.
for (const part of document.querySelectorAll("[data-later]")) {
  fetch(part.dataset.later)
    .then((answer) => answer.text())
    .then((text) => {
      const made = new DOMParser().parseFromString(text, "text/html").querySelector(".recommended");
      if (made) part.replaceWith(made);
    })
    .catch(() => {});
}

// A button stays shut until its word has been typed, or its boxes ticked.
function gate(form) {
  const button = form.querySelector("[data-needs]");
  if (!button) return;
  const open = () => {
    const word = form.querySelector("[data-word]");
    const boxes = [...form.querySelectorAll("[data-must]")];
    button.disabled = (word && word.value !== word.dataset.word) || boxes.some((box) => !box.checked);
  };
  form.addEventListener("input", open);
  open();
}
document.querySelectorAll("form").forEach(gate);

// The role wizard shows what belongs to the chosen kind of entity.
document.addEventListener("change", (event) => {
  if (!event.target.dataset.shows) return;
  for (const part of event.target.form.querySelectorAll("[data-when]")) part.hidden = !part.dataset.when.split(" ").includes(event.target.value);
});

// A choice that narrows another one: the audiences of the chosen provider, and the fields that only one provider has.
for (const choice of document.querySelectorAll("[data-narrows]")) {
  const narrow = () => {
    const other = document.getElementById(choice.dataset.narrows);
    for (const group of other.querySelectorAll?.("optgroup") ?? []) group.hidden = group.disabled = group.dataset.of !== choice.value;
    const group = other.selectedOptions?.[0]?.closest("optgroup");
    const first = other.querySelector("optgroup:not([hidden]) option") ?? other.options?.[0];
    if (first && (group?.disabled || !other.value)) first.selected = true;
    for (const part of choice.form.querySelectorAll("[data-only]")) part.hidden = !choice.value.endsWith(part.dataset.only);
  };
  choice.addEventListener("change", narrow);
  narrow();
}

// What works with the script only, and a file that is read into a field.
document.querySelectorAll("[data-scripted]").forEach((part) => (part.hidden = false));
document.addEventListener("change", async (event) => {
  const into = event.target.dataset.reads && document.getElementById(event.target.dataset.reads);
  if (into && event.target.files.length) into.value = await event.target.files[0].text();
});

// A picker shows the first of many: it asks the server for those that match as one types. What is ticked stays.
for (const picker of document.querySelectorAll("[data-picker]")) {
  const [box, kind, search] = ["[type=search]", "select", "button"].map((part) => picker.querySelector(part));
  const rows = picker.querySelector("tbody");
  const value = (row) => row.querySelector("input").value;
  let asked = 0, timer;
  const apply = async () => {
    const number = ++asked;
    const answer = await fetch(`${picker.dataset.picker}&${new URLSearchParams({ find: box.value.trim(), kind: kind?.value ?? "" })}`);
    if (!answer.ok || number !== asked) return;
    const found = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!found.querySelector(".more")) return;
    const old = new Map([...rows.children].map((row) => [value(row), row]));
    const kept = [...rows.children].filter((row) => row.querySelector(":checked"));
    const fresh = [...found.querySelectorAll("tbody tr")].map((row) => old.get(value(row)) ?? row);
    rows.replaceChildren(...kept, ...fresh.filter((row) => !kept.includes(row)));
    picker.querySelector(".more").replaceChildren(...found.querySelector(".more").childNodes);
  };
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(apply, 150);
  });
  kind?.addEventListener("change", apply);
  box.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
  search.hidden = true;
}

// The policy editor. The JSON text is the truth; the visual side reads it and writes it back, and leaves alone what it cannot show.
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) key in made ? (made[key] = value) : made.setAttribute(key, value);
  made.append(...children);
  return made;
}
const list = (value) => (value === undefined ? [] : Array.isArray(value) ? value : [value]);
const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);

class Editor {
  constructor(root) {
    this.root = root;
    this.text = root.querySelector("textarea");
    this.findings = root.querySelector(".findings");
    this.tally = root.querySelector(".tally");
    this.visual = root.querySelector(".visual");
    this.repair = root.querySelector(".repair");
    this.review = root.closest("form").querySelector("[data-review]");
    this.actions = new Map();
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
      const place = finding.line ? element("span", { className: "place" }, ` line ${finding.line}, column ${finding.column}`) : "";
      return element("li", { className: finding.type }, element("strong", {}, finding.label || finding.type), " ", finding.text, place);
    }));
    const kinds = [["ERROR", "Errors"], ["SECURITY_WARNING", "Security warnings"], ["WARNING", "Warnings"], ["SUGGESTION", "Suggestions"]];
    const count = (type) => findings.filter((finding) => finding.type === type).length;
    this.tally.textContent = kinds.map(([type, name]) => `${name}: ${count(type)}`).join("  ·  ");
    if (this.review) this.review.disabled = count("ERROR") > 0;
    this.offer();
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
    if (this.visual && !this.visual.hidden) this.draw();
  }

  show(view) {
    for (const tab of this.root.querySelectorAll("[data-view]")) tab.setAttribute("aria-selected", String(tab.dataset.view === view));
    this.visual.hidden = view !== "visual";
    this.text.hidden = view === "visual";
    if (view === "visual") this.draw();
  }

  draw() {
    let policy;
    try {
      policy = JSON.parse(this.text.value);
    } catch {
      this.visual.replaceChildren(element("p", { className: "flash bad" }, "The text is not JSON yet: mend it in the JSON editor first."));
      return;
    }
    const statements = list(policy.Statement);
    const write = () => {
      policy.Statement = statements;
      this.text.value = JSON.stringify(policy, null, 2);
      this.later();
    };
    const cards = statements.map((statement, n) => this.card(statement, n, write, () => {
      statements.splice(n, 1);
      write();
      this.draw();
    }));
    const add = element("button", { type: "button" }, "Add more permissions");
    add.addEventListener("click", () => {
      statements.push({ Effect: "Allow", Action: [], Resource: "*" });
      write();
      this.draw();
    });
    this.visual.replaceChildren(...cards, add);
  }

  card(statement, n, write, remove) {
    const shown = statement && typeof statement === "object" && !("NotAction" in statement) && !("NotResource" in statement) && !("Principal" in statement) && !("NotPrincipal" in statement);
    const title = element("h3", {}, `Statement ${n + 1}${statement?.Sid ? `: ${statement.Sid}` : ""}`);
    if (!shown) return element("section", { className: "panel" }, title, element("p", { className: "flash note" }, "This statement has elements that only the JSON editor shows. It stays as it is."));
    const name = (text) => `${text} of statement ${n + 1}`;
    const effect = element("select", { ariaLabel: name("Effect") }, element("option", {}, "Allow"), element("option", {}, "Deny"));
    effect.value = statement.Effect === "Deny" ? "Deny" : "Allow";
    effect.addEventListener("change", () => { statement.Effect = effect.value; write(); });
    const actions = element("textarea", { rows: 4, ariaLabel: name("Actions") }, list(statement.Action).join("\n"));
    actions.addEventListener("input", () => { statement.Action = lines(actions.value); write(); });
    const resources = element("textarea", { rows: 3, ariaLabel: name("Resources") }, list(statement.Resource).join("\n"));
    resources.addEventListener("input", () => { statement.Resource = lines(resources.value); write(); });
    const service = element("input", { type: "text", placeholder: "Service, such as s3", ariaLabel: name("Service") });
    const picker = element("div", { className: "picker" });
    service.addEventListener("change", () => this.pick(service.value.trim().toLowerCase(), picker, actions));
    const gone = element("button", { type: "button", className: "danger" }, "Remove");
    gone.addEventListener("click", remove);
    const parts = [title, element("label", {}, "Effect", effect), element("label", {}, "Actions, one a line", actions), service, picker, element("label", {}, "Resources, one a line", resources)];
    if (statement.Condition) parts.push(element("p", { className: "hint" }, `Conditions (edit them as JSON): ${JSON.stringify(statement.Condition)}`));
    return element("section", { className: "panel" }, ...parts, gone);
  }

  // The actions of a service by access level, to tick.
  async pick(service, into, actions) {
    if (!/^[a-z0-9-]+$/.test(service)) return into.replaceChildren();
    const answer = await fetch(`${this.root.dataset.actions}/${service}`);
    const known = answer.ok ? (await answer.json()).actions : [];
    if (!known.length) return into.replaceChildren(element("p", { className: "hint" }, "There is no such service."));
    const levels = [...new Set(known.map((action) => action.level))];
    into.replaceChildren(...levels.map((level) => element("details", {}, element("summary", {}, level), ...known.filter((action) => action.level === level).map((action) => {
      const full = `${service}:${action.name}`;
      const box = element("input", { type: "checkbox", checked: lines(actions.value).includes(full) });
      box.addEventListener("change", () => {
        const rest = lines(actions.value).filter((line) => line !== full);
        actions.value = (box.checked ? [...rest, full] : rest).join("\n");
        actions.dispatchEvent(new Event("input"));
      });
      return element("label", { className: "check" }, box, action.name);
    }))));
  }
}
document.querySelectorAll(".editor").forEach((root) => new Editor(root));

// A box of the access map lights what it is joined to, forwards and backwards.
document.querySelectorAll("svg.map").forEach((map) => {
  const arrows = [...map.querySelectorAll("[data-from]")];
  const follow = (id, near, far, lit) => {
    lit.add(id);
    for (const arrow of arrows) {
      if (arrow.dataset[near] !== id) continue;
      lit.add(arrow);
      if (!lit.has(arrow.dataset[far])) follow(arrow.dataset[far], near, far, lit);
    }
    return lit;
  };
  const light = (event) => {
    const box = event.type === "mouseleave" || event.type === "focusout" ? null : event.target.closest("[data-box]");
    const lit = box ? new Set([...follow(box.dataset.box, "from", "to", new Set()), ...follow(box.dataset.box, "to", "from", new Set())]) : new Set();
    map.classList.toggle("lighting", Boolean(box));
    for (const part of map.querySelectorAll(".box, [data-from]")) part.classList.toggle("lit", lit.has(part) || lit.has(part.dataset.box));
  };
  for (const name of ["mouseover", "mouseleave", "focusin", "focusout"]) map.addEventListener(name, light);
});

// Uploads: small files whole, large ones in parts, each with its progress. What fails on the way is tried again, then left to be
// resumed or cancelled; what the server refuses is told.
const PART = 8 * 1024 * 1024;
const PARTS_MAX = 10000;
const TRIES = 3;

class Refused extends Error {}

class Upload {
  constructor(panel, file) {
    this.panel = panel;
    this.file = file;
    this.part = Math.max(PART, Math.ceil(file.size / PARTS_MAX));
    this.etags = [];
    this.query = panel.options();
    const name = file.webkitRelativePath || file.name;
    this.query.set("key", panel.root.dataset.prefix + name);
    this.query.set("type", file.type);
    this.bar = element("progress", { max: file.size || 1, value: 0, ariaLabel: `Progress of ${name}` });
    this.said = element("span", { role: "status" });
    this.again = element("button", { type: "button", hidden: true }, "Resume");
    this.stop = element("button", { type: "button", ariaLabel: `Cancel ${name}` }, "Cancel");
    this.again.addEventListener("click", () => panel.queue(this));
    this.stop.addEventListener("click", () => this.cancel());
    this.row = element("li", {}, element("span", { className: "name" }, name), this.bar, this.said, this.again, this.stop);
    panel.list.append(this.row);
  }

  async run() {
    this.again.hidden = true;
    this.said.className = "";
    this.said.textContent = "";
    try {
      if (this.file.size <= this.part) await this.patiently("put", this.query, this.file, 0);
      else await this.inParts();
      this.bar.value = this.bar.max;
      this.stop.hidden = true;
      this.said.textContent = "Uploaded";
      this.state = "done";
    } catch (error) {
      if (this.state === "cancelled") return;
      this.state = "failed";
      this.said.className = "error";
      this.said.textContent = error.message;
      this.again.hidden = false;
    }
  }

  async inParts() {
    if (!this.query.has("upload")) this.query.set("upload", (await this.patiently("begin", this.query, "", 0)).upload);
    for (let at; (at = this.etags.length * this.part) < this.file.size; ) {
      const query = new URLSearchParams(this.query);
      query.set("part", this.etags.length + 1);
      const { etag } = await this.patiently("part", query, this.file.slice(at, at + this.part), at);
      this.etags.push(etag);
    }
    await this.patiently("complete", this.query, new URLSearchParams(this.etags.map((etag) => ["etag", etag])), this.file.size);
  }

  // A connection that broke is no refusal: it is tried again, after a while.
  async patiently(what, query, body, from) {
    for (let tried = 1; ; tried++) {
      try {
        return await this.send(what, query, body, from);
      } catch (error) {
        if (error instanceof Refused || this.state === "cancelled" || tried === TRIES) throw error;
        await new Promise((go) => setTimeout(go, 500 * 2 ** tried));
      }
    }
  }

  send(what, query, body, from) {
    return new Promise((done, failed) => {
      const request = (this.request = new XMLHttpRequest());
      request.open("POST", `${this.panel.root.dataset.upload}/${what}?${query}`);
      request.setRequestHeader("x-csrf", this.panel.root.dataset.csrf);
      if (body instanceof Blob) request.upload.addEventListener("progress", (event) => (this.bar.value = from + event.loaded));
      request.addEventListener("error", () => failed(new Error("The connection broke.")));
      request.addEventListener("abort", () => failed(new Error("Cancelled.")));
      request.addEventListener("load", () => {
        if (request.status >= 500) return failed(new Error(`The server answered ${request.status}.`));
        let said;
        try {
          said = JSON.parse(request.responseText);
        } catch {
          said = { fault: "Your session has ended: reload the page." };
        }
        if (said.fault) failed(new Refused(said.fault));
        else done(said);
      });
      request.send(body);
    });
  }

  // What was sent in parts is not left behind.
  cancel() {
    this.state = "cancelled";
    this.request?.abort();
    if (this.query.has("upload")) this.send("abort", this.query, "", 0).catch(() => {});
    this.row.remove();
    this.panel.settle();
  }
}

class Uploads {
  constructor(root) {
    this.root = root;
    this.list = root.querySelector(".uploads");
    this.all = [];
    const drop = root.querySelector(".drop");
    for (const input of root.querySelectorAll("input[type=file]")) {
      input.addEventListener("change", () => {
        this.add([...input.files]);
        input.value = "";
      });
    }
    for (const name of ["dragover", "dragleave", "drop"]) {
      drop.addEventListener(name, (event) => {
        event.preventDefault();
        drop.classList.toggle("over", name === "dragover");
        if (name === "drop") this.add([...event.dataTransfer.files]);
      });
    }
  }

  // Metadata and tags, as they are typed at the moment.
  options() {
    const query = new URLSearchParams();
    for (const field of this.root.querySelectorAll("[data-option]")) query.append(field.dataset.option, field.value);
    return query;
  }

  add(files) {
    for (const file of files) this.queue(new Upload(this, file));
  }

  // One after the other.
  queue(upload) {
    upload.state = "waiting";
    if (!this.all.includes(upload)) this.all.push(upload);
    if (!this.running) this.run();
  }

  async run() {
    this.running = true;
    for (let next; (next = this.all.find((upload) => upload.state === "waiting")); ) {
      next.state = "running";
      await next.run();
    }
    this.running = false;
    this.settle();
  }

  // The list is shown anew when nothing waits for anybody.
  settle() {
    if (!this.running && this.all.some((upload) => upload.state === "done") && this.all.every((upload) => upload.state === "done" || upload.state === "cancelled")) location.reload();
  }
}
document.querySelectorAll("[data-upload]").forEach((root) => new Uploads(root));

// Emptying and deleting go on, round after round, until nothing is left.
document.querySelectorAll("form[data-rounds]").forEach((form) => {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const said = form.querySelector(".progress");
    form.querySelector("[data-needs]").disabled = true;
    said.hidden = false;
    const body = new URLSearchParams(new FormData(form));
    for (let total = 0, more = true, n = 0; more; n++) {
      body.set("round", n);
      const answer = await fetch(form.action, { method: "POST", body, headers: { "x-csrf": form.dataset.csrf } });
      const round = await answer.json();
      if (round.fault) {
        said.textContent = round.fault;
        said.className = "flash bad";
        return;
      }
      total += round.deleted;
      more = round.more;
      said.textContent = `${total} deleted so far …`;
    }
    location.href = form.dataset.rounds;
  });
});
