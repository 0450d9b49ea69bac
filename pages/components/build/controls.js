/* The left side: attributes by part and group, each value a chip ("only this") and a slider ("how much"). */

export function element(tag, className = "", properties = {}, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role" || name === "for") node.setAttribute(name, value);
    else node[name] = value; // textContent, never HTML: names are text
  }
  node.append(...children);
  return node;
}

const write = (node, text) => { if (node.textContent !== text) node.textContent = text; };
const flag = (node, name, on) => { if ((name in node.dataset) !== on) node.toggleAttribute(`data-${name}`, on); };
/* A text of header.words with its {names} filled in. */
const say = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
const SMALL = 6; // values that fit in a row of chips
let serial = 0;

export class Controls {
  /* `header` of the tables; `model` holds values and base (K); onInput(), onCommit() are told of every change and of its end. */
  constructor(header, model, onInput, onCommit) {
    Object.assign(this, { header, model, onInput, onCommit });
    this.words = header.words;
    this.low = header.floor;
    this.span = header.scale - header.floor;
    this.rows = new Array(header.attributes);
    this.groups = [];
    this.query = "";
    this.onlyChanged = false;
    this.id = `editor${serial++}`;
    this.root = element("div", "controls");
    this.nothing = element("p", "nothing", { hidden: true });
    this.readAs = element("p", "read-as", { hidden: true, role: "status" });
    this.root.append(this.#toolbar(), this.readAs, element("div", "parts", {}, ...header.parts.map((part) => this.#part(part))), this.nothing);
  }

  #toolbar() {
    this.search = element("input", "search", { type: "search", placeholder: say(this.words.searchCount, { count: this.header.attributes }), "aria-label": this.words.search });
    this.search.addEventListener("input", () => { this.query = this.search.value.trim().toLowerCase(); this.filter(); });
    this.changedBox = element("input", "", { type: "checkbox" });
    this.changedBox.addEventListener("change", () => { this.onlyChanged = this.changedBox.checked; this.filter(); });
    this.changedCount = element("b", "", { textContent: "0" });
    const only = element("label", "toggle", {}, this.changedBox, element("span", "", { textContent: `${this.words.onlyChanged} ` }), this.changedCount);
    this.undoButton = this.#button(this.words.stepBack, "↶", () => this.model.undo());
    this.redoButton = this.#button(this.words.stepForward, "↷", () => this.model.redo());
    this.resetButton = element("button", "plain", { type: "button", textContent: this.words.resetAll });
    this.resetButton.addEventListener("click", () => this.#set(this.header.all, (k) => this.model.base[k]));
    this.openButton = element("button", "plain", { type: "button", textContent: this.words.openAll });
    this.openButton.addEventListener("click", () => {
      const open = this.groups.some((group) => !group.open);
      for (const group of this.groups) this.#open(group, open);
      write(this.openButton, open ? this.words.closeAll : this.words.openAll);
    });
    return element("div", "toolbar", {}, this.search, only, element("span", "steps", {}, this.undoButton, this.redoButton), this.openButton, this.resetButton);
  }

  #button(label, sign, action) {
    const button = element("button", "sign", { type: "button", textContent: sign, title: label, "aria-label": label });
    button.addEventListener("click", action);
    return button;
  }

  #part(part) {
    const node = element("section", "part", { "aria-label": part.label });
    const groups = element("div", "groups");
    node.append(element("h3", "", { textContent: part.label }), groups);
    for (const group of part.groups) groups.append(this.#group(group, node, part.label));
    return node;
  }

  #group(entry, partNode, partLabel) {
    const id = `${this.id}-${this.groups.length}`;
    const group = { ...entry, ks: entry.values.map((value) => value.k), partNode, partLabel, open: false, name: id };
    const small = entry.exclusive && entry.values.length <= SMALL;
    group.reset = element("button", "sign reset", { type: "button", textContent: "↺", title: say(this.words.reset, { name: entry.label }), "aria-label": say(this.words.reset, { name: entry.label }) });
    group.reset.addEventListener("click", () => this.#set(group.ks, (k) => this.model.base[k]));
    group.toggle = element("button", "sign toggler", { type: "button", "aria-expanded": "false", "aria-controls": id, title: this.words.sliders, "aria-label": say(this.words.slidersOf, { name: entry.label }) }, element("span", "caret", { "aria-hidden": "true" }));
    group.summary = element("button", "summary", { type: "button", tabIndex: -1, "aria-hidden": "true" });
    for (const button of [group.toggle, group.summary]) button.addEventListener("click", () => this.#open(group, !group.open));
    const body = element("div", "values", { id, role: entry.exclusive ? "radiogroup" : "group", "aria-label": entry.label });
    for (const value of entry.values) body.append(this.#row(value, group));
    group.node = element("div", "group", { "data-size": small ? "small" : "large" }, element("span", "name", { textContent: entry.short }), element("div", "middle", {}, group.summary, body));
    if (entry.exclusive) group.node.append(element("span", "tools", {}, group.reset, group.toggle));
    this.groups.push(group);
    if (!entry.exclusive || entry.open) this.#open(group, true);
    return group.node;
  }

  #row(value, group) {
    const { k, label, swatch, inert, also } = value;
    const radio = group.exclusive ? element("input", "", { type: "radio", name: group.name, "aria-label": say(this.words.onlyOf, { group: group.label, value: label }) }) : null;
    const fill = element("i", "fill", { "aria-hidden": "true" });
    const chip = element(radio ? "label" : "span", "chip", { title: inert ? say(this.words.ignored, { value: label }) : radio ? say(this.words.only, { value: label }) : label });
    if (radio) chip.append(radio);
    if (swatch) {
      const dot = element("i", "swatch", { "aria-hidden": "true" });
      dot.style.background = swatch;
      chip.append(dot);
    }
    chip.append(element("span", "word", { textContent: label }), fill);
    const range = element("input", "range", { type: "range", min: this.low, max: this.low + this.span, step: this.span / 100, "aria-label": say(this.words.amountOf, { group: group.label, value: label }) });
    const amount = element("output", "amount");
    const slide = element("span", "slide", {}, range);
    const node = element("div", "value", {}, chip, slide, amount);
    if (inert) node.dataset.inert = "";
    const row = { k, label, also, node, radio, fill, range, amount, slide, group, shown: NaN };
    this.rows[k] = row;
    range.addEventListener("input", () => this.#drag(row));
    range.addEventListener("change", () => this.onCommit());
    radio?.addEventListener("change", () => this.#set(group.ks, (j) => (j === k ? this.low + this.span : Math.max(0, this.low))));
    return node;
  }

  #drag(row) {
    const started = performance.now();
    this.model.values[row.k] = Number(Number(row.range.value).toPrecision(6));
    this.paintGroup(row.group, row);
    this.onInput(started);
  }

  #set(ks, valueOf) {
    const started = performance.now();
    for (const k of ks) this.model.values[k] = valueOf(k);
    this.paint();
    this.onInput(started);
    this.onCommit();
  }

  #open(group, open) {
    group.open = open;
    group.toggle.setAttribute("aria-expanded", String(open));
    flag(group.node, "open", open);
  }

  isChanged(k) { return Math.abs(this.model.values[k] - this.model.base[k]) > 1e-6 * this.span; }

  /* Brings every control in line with the model. */
  paint() {
    let count = 0;
    for (const group of this.groups) count += this.paintGroup(group);
    this.#count();
    if (this.onlyChanged) this.filter();
    return count;
  }

  /* Brings one group in line; `dragged` keeps its own slider position. */
  paintGroup(group, dragged = null) {
    const { values, base, } = this.model;
    const top = this.low + this.span, bottom = Math.max(0, this.low);
    let changed = 0, present = 0, sole = -1;
    for (const k of group.ks) {
      const row = this.rows[k], value = values[k];
      if (value > bottom) { present++; sole = k; }
      const mark = this.isChanged(k);
      changed += mark;
      if (row.shown !== value || row.base !== base[k]) {
        const share = (value - this.low) / this.span;
        row.slide.style.setProperty("--v", share.toFixed(4));
        row.fill.style.transform = `scaleX(${Math.max(0, share).toFixed(4)})`;
        write(row.amount, this.say(value));
        if (row !== dragged) row.range.value = value;
        row.range.setAttribute("aria-valuetext", this.say(value));
        if (row.base !== base[k]) row.slide.style.setProperty("--b", ((base[k] - this.low) / this.span).toFixed(4));
        row.shown = value;
        row.base = base[k];
      }
      flag(row.node, "changed", mark);
    }
    if (group.exclusive) {
      const only = present === 1 && values[sole] >= top - 1e-6 * this.span ? sole : -1;
      for (const k of group.ks) {
        const row = this.rows[k];
        if (row.radio.checked !== (k === only)) row.radio.checked = k === only;
      }
      flag(group.node, "settled", only >= 0);
      write(group.summary, only >= 0 ? this.rows[only].label : this.#mixture(group.ks));
    }
    flag(group.node, "changed", changed > 0);
    group.changed = changed;
    if (dragged) this.#count();
    return changed;
  }

  #mixture(ks) {
    const strong = ks.filter((k) => this.model.values[k] > 0.04 * this.span).sort((a, b) => this.model.values[b] - this.model.values[a]);
    if (!strong.length) return this.words.nothingSaid;
    const words = strong.slice(0, 2).map((k) => `${this.rows[k].label} ${this.say(this.model.values[k])}`);
    return words.join(", ") + (strong.length > 2 ? " …" : "");
  }

  #count() {
    let count = 0;
    for (const group of this.groups) count += group.changed ?? 0;
    write(this.changedCount, String(count));
    this.resetButton.disabled = count === 0;
  }

  say(value) { return this.low < 0 ? value.toFixed(2) : `${Math.round((100 * value) / this.header.scale)}%`; }

  /* Shows the rows that match the search and the filter; what matches nothing is read as the nearest words, and that is said. */
  filter() {
    const words = wordsOf(this.query);
    let read = words;
    if (!this.#show(words) && words.length) {
      read = words.map((word) => nearest(word, this.#vocabulary()));
      this.#show(read);
    }
    const corrected = words.filter((word, i) => word !== read[i]).map((word) => `${word} → ${read[words.indexOf(word)]}`);
    write(this.readAs, corrected.length ? say(this.words.readAs, { words: corrected.join(", ") }) : "");
    this.readAs.hidden = !corrected.length || !this.nothing.hidden;
    write(this.nothing, this.onlyChanged && !words.length ? this.words.nothingChanged : this.words.noMatch);
  }

  /* Each word must begin a word of a row, of its group or of what else it is called; a group with a match shows its sliders. True if there is a row. */
  #show(words) {
    const parts = new Map();
    let matches = 0;
    for (const group of this.groups) {
      let any = false;
      for (const k of group.ks) {
        const row = this.rows[k];
        const match = words.every((word) => searchable(group, row).includes(` ${word}`)) && (!this.onlyChanged || this.isChanged(k));
        row.node.hidden = !match;
        any ||= match;
      }
      group.node.hidden = !any;
      flag(group.node, "found", any && (words.length > 0 || this.onlyChanged));
      parts.set(group.partNode, (parts.get(group.partNode) ?? false) || any);
      matches += any;
    }
    for (const [node, any] of parts) node.hidden = !any;
    this.nothing.hidden = matches > 0;
    return matches > 0;
  }

  #vocabulary() {
    this.known ??= [...new Set(this.groups.flatMap((group) => group.ks.flatMap((k) => searchable(group, this.rows[k]).split(" ").filter(Boolean))))];
    return this.known;
  }
}
