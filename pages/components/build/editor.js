/* The attribute editor: holds the description, repaints at most once a frame, tells the server when a control is let go. */

const tablesById = new Map(); // the last tables of this browser tab, by their hash
const picturesById = new Map(); // the person's own pictures, by the hash of the set
const waiting = new Map();
const editors = new WeakMap();
const KEPT_TABLES = 3, KEPT_SETS = 2, KEPT_STEPS = 200, KEYBOARD_PAUSE = 150, BESIDE = 16; // ms; px that stay free above the panel

export class Editor {
  constructor(parent, tables) {
    this.parent = parent;
    this.scorer = new Scorer(tables);
    const { header } = this.scorer;
    this.values = new Float64Array(header.attributes);
    this.base = new Float64Array(header.attributes);
    this.revision = 0;
    this.epoch = null;
    this.timings = []; // ms of script for each painted frame, handlers included; the tests read it
    this.confirmations = []; // ms from letting go to the engine's word
    this.spent = 0;
    this.controls = new Controls(header, this, (started) => this.changed(started), () => this.commit());
    this.live = new Live(this.scorer);
    this.root = element("div", "editor", {}, this.live.mini, this.controls.root, this.live.root);
    this.root.editor = this;
    this.root.addEventListener("keydown", () => { this.byKey = true; }, true);
    this.root.addEventListener("pointerdown", () => { this.byKey = false; }, true);
    parent.append(this.root);
  }

  /* What the server says: a new description (another epoch), or the confirmation of one of ours (a revision). */
  update(data, send, mine = null) {
    this.send = send;
    if (this.epoch !== data.epoch) {
      const same = this.epoch !== null && data.base.every((value, k) => Math.abs(value - this.base[k]) < 1e-9);
      this.epoch = data.epoch;
      this.revision = data.revision;
      this.base.set(data.base);
      this.#load(data.changes);
      // Words, a recipe or a blank sheet are one step more; another start is a new beginning, for amounts are told from it.
      this.steps = same ? [...this.steps.slice(0, this.at + 1), this.#changes()].slice(-KEPT_STEPS) : [this.#changes()];
      this.at = this.steps.length - 1;
    }
    this.live.update(data, this.base, mine);
    this.scorer.describe(this.values);
    this.live.settle();
    this.#repaint();
    this.#keepBeside();
    const current = data.revision >= this.revision;
    flag(this.root, "waiting", !current);
    if (current && this.sentAt) {
      this.confirmations.push(performance.now() - this.sentAt);
      this.sentAt = 0;
    }
    if (current) this.live.say(`${this.live.summary()} ${this.scorer.header.words.confirmed}`);
  }

  /* Words that are opened above push the editor down: the panel rises into the empty place beside them, so that what they do stays in sight. */
  #keepBeside() {
    const above = document.querySelector(".st-key-my-pictures");
    const row = above?.closest("[data-testid=stHorizontalBlock]");
    if (!row || row === this.row) return;
    this.row = row;
    this.observer?.disconnect();
    this.observer = new ResizeObserver(() => {
      const wide = getComputedStyle(this.live.root).position === "sticky";
      const free = this.root.getBoundingClientRect().top - above.getBoundingClientRect().bottom - BESIDE;
      this.live.root.style.marginTop = wide && above.isConnected && free > 0 ? `${-free}px` : "";
    });
    this.observer.observe(row);
    this.observer.observe(this.root);
  }

  changed(started) {
    this.spent += performance.now() - started;
    flag(this.root, "moving", true);
    this.live.described = true;
    this.frame ??= requestAnimationFrame(() => {
      const begun = performance.now();
      this.frame = null;
      this.scorer.describe(this.values);
      this.live.paint();
      this.timings.push(this.spent + performance.now() - begun);
      if (this.timings.length > 5000) this.timings.splice(0, 2500);
      this.spent = 0;
    });
  }

  commit() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#send(), this.byKey ? KEYBOARD_PAUSE : 0);
  }

  undo() { this.#go(-1); }
  redo() { this.#go(1); }

  #send() {
    const changes = this.#changes();
    if (JSON.stringify(changes) === JSON.stringify(this.steps[this.at])) return;
    this.steps = [...this.steps.slice(0, this.at + 1), changes].slice(-KEPT_STEPS);
    this.at = this.steps.length - 1;
    this.#tell(changes);
  }

  #go(by) {
    clearTimeout(this.timer);
    if (!this.steps[this.at + by]) return;
    this.at += by;
    this.#load(this.steps[this.at]);
    this.#repaint();
    this.#tell(this.steps[this.at]);
  }

  #tell(changes) {
    this.revision += 1;
    this.sentAt = performance.now();
    flag(this.root, "moving", false);
    flag(this.root, "waiting", true);
    this.#steps();
    this.send({ epoch: this.epoch, revision: this.revision, changes });
  }

  #changes() {
    const changes = {};
    for (let k = 0; k < this.values.length; k++) if (this.controls.isChanged(k)) changes[k] = this.values[k];
    return changes;
  }

  #load(changes) {
    this.values.set(this.base);
    for (const [k, value] of Object.entries(changes)) this.values[k] = value;
  }

  #steps() {
    this.controls.undoButton.disabled = this.at === 0;
    this.controls.redoButton.disabled = this.at === this.steps.length - 1;
  }

  #repaint() {
    this.controls.paint();
    this.scorer.describe(this.values);
    this.live.paint();
    this.#steps();
  }
}

/* Keeps what came as bytes, the last few of each kind, and goes on with what waited for it. */
function keep(unpacked) {
  const { id, kind } = unpacked.header;
  const kept = kind === "pictures" ? picturesById : tablesById;
  kept.delete(id);
  kept.set(id, unpacked);
  for (const old of [...kept.keys()].slice(0, kind === "pictures" ? -KEPT_SETS : -KEPT_TABLES)) kept.delete(old);
  for (const [parent, go] of [...waiting]) if (go()) waiting.delete(parent);
}

/* Mounted several times by Streamlit: with the tables or pictures as bytes (nothing is shown), and as the editor, with JSON. They share this module. */
export default function mount({ data, parentElement, setStateValue }) {
  if (data instanceof Uint8Array) return void keep(unpack(data));
  const [state] = data;
  const go = () => {
    if (!tablesById.has(state.tables) || (state.mine && !picturesById.has(state.mine))) return false;
    let editor = editors.get(parentElement);
    if (editor && editor.scorer.header.id !== state.tables) {
      editor.root.remove();
      editor = undefined;
    }
    if (!editor) editors.set(parentElement, (editor = new Editor(parentElement, tablesById.get(state.tables))));
    editor.update(state, (draft) => setStateValue("draft", draft), state.mine ? picturesById.get(state.mine) : null);
    return true;
  };
  if (go()) waiting.delete(parentElement);
  else waiting.set(parentElement, go);
}
