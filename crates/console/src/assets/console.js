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

// A button that does something to what is ticked waits until something is.
for (const button of document.querySelectorAll("[data-ticked]")) {
  const open = () => (button.disabled = !button.form.querySelector("tbody :checked"));
  document.addEventListener("change", open);
  addEventListener("pageshow", open);
  open();
}

// A choice that a form of the address is about is followed at once.
for (const choice of document.querySelectorAll("select[data-sends]")) {
  // Browsers also say so of a choice that they restore.
  choice.addEventListener("change", () => choice.selectedOptions[0].defaultSelected || choice.form.requestSubmit());
  for (const button of choice.form.querySelectorAll("button")) button.hidden = true;
}

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

// What is asked only of those who tick a certain box.
for (const part of document.querySelectorAll("[data-by]")) {
  const box = document.getElementById(part.dataset.by);
  const show = () => (part.hidden = !box.checked);
  document.addEventListener("change", show);
  addEventListener("pageshow", show);
  show();
}

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

// An element with its properties, or attributes where it has no such property, and what stands in it.
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) key in made ? (made[key] = value) : made.setAttribute(key, value);
  made.append(...children);
  return made;
}

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

class Refused extends Error {
  constructor({ fault, why }) {
    super(fault);
    this.why = why;
  }
}

// Why something failed, with the way to the reasons where it was a denial.
function tell(into, className, text, why) {
  into.className = className;
  into.replaceChildren(text, ...(why ? [" ", element("a", { href: why }, "Why, and what would change it")] : []));
}

class Upload {
  constructor(panel, file, name) {
    this.panel = panel;
    this.file = file;
    this.part = Math.max(PART, Math.ceil(file.size / PARTS_MAX));
    this.etags = [];
    this.query = panel.options();
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
      tell(this.said, "error", error.message, error.why);
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
        if (said.fault) failed(new Refused(said));
        else done(said);
      });
      request.send(body);
    });
  }

  // What was sent in parts is not left behind, or it is said that it is.
  cancel() {
    this.state = "cancelled";
    this.request?.abort();
    this.row.remove();
    if (!this.query.has("upload")) return this.panel.settle();
    this.send("abort", this.query, "", 0).then(
      () => this.panel.settle(),
      (error) => {
        for (const part of [this.bar, this.again, this.stop]) part.remove();
        tell(this.said, "error", `Cancelled, and the parts that were sent stay in the bucket. ${error.message}`, error.why);
        this.panel.list.append(this.row);
      },
    );
  }
}

// What was dropped: files, and folders with all that is in them, each with its path.
async function dropped(transfer) {
  // Taken before the event is over, after which nothing is told of it.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files].map((file) => [file, file.name]);
  const found = [];
  const walk = async (entry, folder) => {
    const path = folder + entry.name;
    if (entry.isFile) return found.push([await new Promise((done, failed) => entry.file(done, failed)), path]);
    // A reader gives some at a time, and none when it has given all.
    const reader = entry.createReader();
    for (let some; (some = await new Promise((done, failed) => reader.readEntries(done, failed))).length; ) {
      for (const inner of some) await walk(inner, `${path}/`);
    }
  };
  for (const entry of entries) await walk(entry, "");
  return found;
}

class Uploads {
  constructor(root) {
    this.root = root;
    this.list = root.querySelector(".uploads");
    this.all = [];
    const drop = root.querySelector(".drop");
    for (const input of root.querySelectorAll("input[type=file]")) {
      input.addEventListener("change", () => {
        this.add([...input.files].map((file) => [file, file.webkitRelativePath || file.name]));
        input.value = "";
      });
    }
    for (const name of ["dragover", "dragleave", "drop"]) {
      drop.addEventListener(name, (event) => {
        event.preventDefault();
        drop.classList.toggle("over", name === "dragover");
        if (name !== "drop") return;
        dropped(event.dataTransfer).then(
          (files) => this.add(files),
          (error) => this.list.append(element("li", { className: "error", role: "alert" }, `What was dropped cannot be read: ${error.message}`)),
        );
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
    for (const [file, name] of files) this.queue(new Upload(this, file, name));
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

// What was typed comes back with a form that was refused: it is kept in this tab until the tab's next page. Passwords, codes and
// what is there to make one stop are typed again.
const ENTRIES = "entries";
const entries = (form) => [...form.elements].filter((field) => field.name && field.matches("input, select, textarea") && !field.matches("[type=hidden], [type=password], [type=file], [type=submit], [autocomplete=one-time-code], [data-word], [data-must]"));
const ticks = (field) => field.type === "checkbox" || field.type === "radio";
const page = location.pathname + location.search;
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.getAttribute("method") !== "post") return;
  const typed = entries(form).map((field) => [field.name, ticks(field) ? field.checked && field.value : field.value]);
  sessionStorage.setItem(ENTRIES, JSON.stringify({ page, at: [...document.forms].indexOf(form), typed }));
});
{
  const kept = JSON.parse(sessionStorage.getItem(ENTRIES));
  sessionStorage.removeItem(ENTRIES);
  const form = kept?.page === page && document.querySelector(".flashes .bad") && document.forms[kept.at];
  for (const field of form ? entries(form) : []) {
    // Fields of one name in their order; boxes by what they stand for.
    const at = kept.typed.findIndex(([name, value]) => name === field.name && (!ticks(field) || value === field.value));
    if (ticks(field)) {
      if (kept.typed.some(([name]) => name === field.name)) field.checked = at >= 0;
    } else if (at >= 0 && field.value !== kept.typed[at][1]) {
      field.value = kept.typed[at][1];
      for (let part = field.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
    }
    if (at >= 0) kept.typed.splice(at, 1);
    for (const name of ["input", "change"]) field.dispatchEvent(new Event(name, { bubbles: true }));
  }
}

// Emptying and deleting go on, round after round, until nothing is left.
document.querySelectorAll("form[data-rounds]").forEach((form) => {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const said = form.querySelector("[role=status]");
    const button = form.querySelector("[data-needs]");
    const stop = (text, why) => {
      tell(said, "flash bad", text, why);
      button.disabled = false;
    };
    button.disabled = true;
    said.className = "progress";
    said.hidden = false;
    const body = new URLSearchParams(new FormData(form));
    for (let total = 0, more = true, n = 0; more; n++) {
      body.set("round", n);
      body.set("deleted", total);
      let round;
      try {
        const answer = await fetch(form.action, { method: "POST", body, headers: { "x-csrf": form.dataset.csrf } });
        round = await answer.json();
      } catch {
        return stop(`${total} deleted, then the connection broke or your session ended. Press the button again, or reload the page.`);
      }
      if (round.fault) return stop(round.fault, round.why);
      total += round.deleted;
      more = round.more;
      said.textContent = `${total} deleted so far …`;
    }
    location.href = form.dataset.rounds;
  });
});
