/* The right side: what the network would say now. Rows stay where they are; only texts and transforms are written. */

const SIGNS = { seen: "●", unseen: "◆", built: "★" };
const PLACES = 5, TURNED = 4, NEAR = 3;
const LEAST_TOP = 0.2; // the best share fills its bar from here on; below, nobody is sure and the bars say so

export class Live {
  constructor(scorer) {
    this.scorer = scorer;
    const { header } = scorer;
    this.words = header.words;
    this.classes = header.classes;
    this.C = this.classes.length;
    this.extras = []; // pictures that came after the tables: the person's own, the drawn bird
    this.mine = [];
    this.mineId = "";
    this.mineRows = [];
    this.chosen = null;
    this.asked = false; // the person chose it
    this.z = { up: new Float64Array(header.neurons.length), down: new Float64Array(header.neurons.length) };
    this.start = new Float64Array(header.neurons.length); // predicted importance of the start
    this.near = new Float64Array(this.C);
    this.root = element("aside", "live", { "aria-label": this.words.makesOfIt }, this.#stage(), this.#own(), this.#ranking(), this.#neurons(), this.#nearest());
    this.said = element("p", "status", { role: "status" });
    this.root.append(this.said);
    this.miniImage = element("img", "", { alt: "" });
    this.miniRows = this.#rows(2, "rank");
    this.mini = element("div", "mini", { "aria-hidden": "true" }, this.miniImage, element("ol", "", {}, ...this.miniRows.map((row) => row.node)));
  }

  #stage() {
    this.image = element("img", "", { alt: "" });
    this.stageCaption = element("p", "caption");
    this.strip = element("div", "strip", { role: "radiogroup", "aria-label": this.words.toTryOn });
    this.extraSlots = element("span", "extras");
    this.strip.append(this.extraSlots);
    const { header } = this.scorer;
    this.thumbs = header.pictures.map((picture, m) => {
      const thumb = this.#thumb(picture.src, say(this.words.pictureOfKind, { name: picture.label, kind: header.kinds[picture.kind] }), () => this.ask(m));
      this.strip.append(thumb.node);
      return thumb;
    });
    this.claims = element("p", "claims");
    const words = element("div", "words", {}, this.stageCaption, this.claims);
    return element("div", "stage", {}, element("figure", "", {}, this.image, words), this.strip);
  }

  #thumb(src, label, action) {
    const radio = element("input", "", { type: "radio", name: `${(this.group ??= `pictures${serial++}`)}`, "aria-label": label });
    radio.addEventListener("change", action);
    const image = element("img", "", { src, alt: "", loading: "lazy" });
    return { node: element("label", "thumb", { title: label }, radio, image), radio, image };
  }

  #rows(count, className) {
    return Array.from({ length: count }, () => {
      const place = element("span", "place"), sign = element("span", "sign", { "aria-hidden": "true" }), name = element("span", "name"), value = element("span", "number"), bar = element("i");
      const node = element("li", className, {}, place, sign, name, value, element("span", "bar", { "aria-hidden": "true" }, bar));
      return { node, place, sign, name, value, bar };
    });
  }

  #section(title, rows, note = "") {
    const heading = element("h3", "", { textContent: title });
    return element("section", "", {}, heading, ...(note ? [element("p", "note", { textContent: note })] : []), element("ol", "", {}, ...rows.map((row) => row.node)));
  }

  /* The person's own pictures, each with the bar of the class that is being described. */
  #own() {
    this.mineList = element("ol", "mine-list");
    this.mineTitle = element("h3");
    this.mineSection = element("section", "mine", { hidden: true }, this.mineTitle, this.mineList);
    return this.mineSection;
  }

  #ownRow(extra) {
    const [row] = this.#rows(1, "rank");
    const button = element("button", "own-picture", { type: "button", title: extra.label, "aria-label": say(this.words.lookAt, { name: extra.label }) }, element("img", "", { src: extra.src, alt: "" }));
    button.addEventListener("click", () => this.ask(extra.id));
    row.node.prepend(button);
    return row;
  }

  #ranking() {
    this.ranks = this.#rows(PLACES, "rank");
    return this.#section(this.words.sees, this.ranks);
  }

  #neurons() {
    this.up = this.#rows(TURNED, "neuron up");
    this.down = this.#rows(TURNED, "neuron down");
    const column = (title, rows) => element("div", "", {}, element("h4", "", { textContent: title }), element("ol", "", {}, ...rows.map((row) => row.node)));
    this.neuronNote = element("p", "note");
    return element("section", "turned", {}, element("h3", "", { textContent: this.words.listens }), this.neuronNote, element("div", "pair", {}, column(this.words.cameIn, this.up), column(this.words.left, this.down)));
  }

  #nearest() {
    this.nears = this.#rows(NEAR, "near");
    this.nearestSection = this.#section(this.words.alike, this.nears);
    return this.nearestSection;
  }

  /* New extras, other built classes, name, gamma: everything that is not in the tables. `mine`: the person's pictures as unpacked, or null. */
  update(data, base, mine = null) {
    this.name = data.name;
    this.gamma = data.gamma;
    this.temperature = data.temperature ?? 1;
    this.absent = new Set(data.replaced >= 0 ? [data.replaced, ...data.off] : data.off);
    this.ofClass = data.ofClass ?? -1;
    this.described = data.described ?? true;
    this.others = data.others;
    if (!this.scorer.header.by_row) this.scorer.bias = data.bias ?? this.scorer.header.bias; // else it follows the row
    const size = 1 + this.C + this.others.length;
    if (this.logits?.length !== size) { this.logits = new Float64Array(size); this.share = new Float64Array(size); }
    this.#extras([...this.#mine(data, mine), ...data.extras]);
    const { scorer } = this;
    scorer.describe(base);
    this.start.set(scorer.importance_now);
    if (!this.#known(this.chosen)) this.asked = false;
  }

  #mine(data, mine) {
    if (!mine) return [];
    const { r } = this.scorer;
    return mine.header.pictures.map((picture, i) => ({
      ...picture, own: true, alt: say(this.words.yourPicture, { name: picture.label }),
      vector: mine.arrays.vectors.subarray(i * r, (i + 1) * r),
      logits: mine.arrays.logits.subarray(i * this.C, (i + 1) * this.C),
      others: data.mineOthers[i],
    }));
  }

  #extras(extras) {
    const before = this.extras.map((extra) => extra.id).join();
    const old = new Map(this.extras.map((extra) => [extra.id, extra]));
    this.extras = extras.map((extra) => {
      const kept = old.get(extra.id);
      const thumb = kept?.thumb ?? this.#thumb(extra.src, extra.label, () => this.ask(extra.id));
      if (kept && kept.src !== extra.src) thumb.image.src = extra.src;
      if (kept && kept.label !== extra.label) { thumb.node.title = extra.label; thumb.radio.setAttribute("aria-label", extra.label); }
      return { ...extra, thumb };
    });
    if (before === this.extras.map((extra) => extra.id).join()) return;
    this.extraSlots.replaceChildren(...this.extras.map((extra) => extra.thumb.node));
    this.mine = this.extras.filter((extra) => extra.own);
    this.mineRows = this.mine.map((extra) => this.#ownRow(extra));
    this.mineList.replaceChildren(...this.mineRows.map((row) => row.node));
    this.mineSection.hidden = this.mine.length === 0;
    if (this.mine.some((extra) => !old.has(extra.id))) this.asked = false; // what just came is looked at
  }

  /* There is something to fit and to claim: a sheet as it was begun, zero or the average of all classes, is no class yet. */
  #says() { return this.described && !this.scorer.empty; }

  #known(picture) { return picture !== null && (typeof picture === "number" || this.extras.some((extra) => extra.id === picture)); }

  /* The picture to look at while the person has chosen none: theirs, the drawn one, one of the class, or the study's that the description fits best. */
  settle() {
    if (!this.asked) {
      const { header } = this.scorer;
      const own = this.ofClass < 0 ? -1 : header.pictures.findIndex((picture) => picture.c === this.ofClass);
      this.fits = !this.extras.length && own < 0;
      this.chosen = this.extras[0]?.id ?? (own >= 0 ? own : this.#bestFitting());
    } else this.fits = false;
    this.#show();
  }

  /* The study's picture of which the class gets most: its score alone grows with what is in a picture, whatever that is. */
  #bestFitting() {
    let best = 0, top = 0;
    for (let m = 0; m < this.thumbs.length && this.#says(); m++) {
      shares(this.#gather(m), this.share, this.temperature);
      if (this.share[0] > top) { top = this.share[0]; best = m; }
    }
    return best;
  }

  ask(picture) {
    this.asked = true;
    this.fits = false;
    this.choose(picture);
  }

  choose(picture) {
    this.chosen = picture;
    this.#show();
    this.paint();
  }

  #show() {
    const extra = this.extras.find((item) => item.id === this.chosen);
    const picture = extra ?? this.scorer.header.pictures[this.chosen];
    const thumb = extra?.thumb ?? this.thumbs[this.chosen];
    for (const image of [this.image, this.miniImage]) if (image.getAttribute("src") !== picture.src) image.src = picture.src;
    this.image.alt = extra ? extra.alt : say(this.words.pictureOf, { name: picture.label });
    this.stageCaption.replaceChildren(...(extra ? [extra.label] : [`${this.fits && this.#says() ? this.words.fitsBest : this.words.pictureOfStart} `, element("b", picture.kind, { textContent: `${SIGNS[picture.kind]} ${picture.label}` })]));
    if (thumb && !thumb.radio.checked) thumb.radio.checked = true;
  }

  /* Logits of all candidates for a picture into this.logits: the described class, the study's classes, the other built ones. */
  #gather(picture) {
    const { scorer, C, logits } = this;
    const extra = typeof picture === "number" ? null : this.extras.find((item) => item.id === picture);
    logits[0] = scorer.empty ? -Infinity : extra ? scorer.score(extra.vector) : scorer.score(scorer.pictures, picture * scorer.r);
    for (let c = 0; c < C; c++) {
      const raw = extra ? extra.logits[c] : scorer.logits[picture * C + c];
      logits[1 + c] = this.absent.has(c) ? -Infinity : raw - (this.classes[c].kind === "seen" ? this.gamma : 0);
    }
    this.others.forEach((other, i) => { logits[1 + C + i] = extra ? extra.others[i] : other.logits[picture]; });
    return logits;
  }

  #candidate(c) {
    if (c === 0) return { name: this.name || this.words.yourClass, kind: "built", own: true };
    return c <= this.C ? this.classes[c - 1] : { name: this.others[c - 1 - this.C].name, kind: "built" };
  }

  /* Everything from the scorer's present description. */
  paint() {
    this.#paintRanking();
    this.#paintMine();
    this.#paintNeurons();
    this.#paintNearest();
    this.#paintClaims();
  }

  #paintRanking() {
    const logits = this.#gather(this.chosen);
    shares(logits, this.share, this.temperature);
    const best = largest(logits, PLACES);
    let rank = 1;
    for (let c = 1; c < logits.length; c++) rank += logits[c] > logits[0];
    this.rank = rank;
    if (!best.includes(0)) best[PLACES - 1] = 0;
    const runnerUp = best[0] === 0 ? best[1] : best[0];
    for (const [row, c] of [[this.miniRows[0], 0], [this.miniRows[1], runnerUp]]) this.#place(row, c, c === 0 ? rank : best.indexOf(c) + 1, best[0]);
    this.ranks.forEach((row, i) => this.#place(row, best[i], best[i] === 0 ? rank : i + 1, best[0]));
  }

  #paintMine() {
    let won = 0;
    this.mine.forEach((extra, i) => {
      const logits = this.#gather(extra.id);
      shares(logits, this.share, this.temperature);
      let rank = 1;
      for (let c = 1; c < logits.length; c++) rank += logits[c] > logits[0];
      const first = rank === 1 && !this.scorer.empty, row = this.mineRows[i], share = this.share[0];
      won += first;
      const rival = first ? 0 : largest(logits, 1)[0];
      write(row.place, String(rank));
      write(row.sign, first ? "★" : SIGNS[this.#candidate(rival).kind]);
      write(row.name, first ? extra.label : `${extra.label}: ${this.#candidate(rival).name}`);
      write(row.value, `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)}%`);
      flag(row.node, "own", first);
      flag(row.node, "looked", extra.id === this.chosen);
      flag(extra.thumb.node, "claimed", first);
      row.node.dataset.kind = "built";
      row.sign.dataset.kind = this.#candidate(rival).kind;
      row.bar.style.transform = `scaleX(${share.toFixed(4)})`;
    });
    if (this.mine.length) write(this.mineTitle, say(this.mine.length > 1 ? this.words.ofYours : this.words.oneOfYours, { won, count: this.mine.length }));
  }

  #place(row, c, place, best) {
    row.node.hidden = c === undefined;
    if (c === undefined) return;
    const share = this.share[c];
    write(row.place, String(place));
    this.#fill(row, this.#candidate(c), `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)}%`, share / Math.max(this.share[best], LEAST_TOP));
  }

  #fill(row, candidate, number, share) {
    write(row.sign, SIGNS[candidate.kind]);
    write(row.name, candidate.name);
    write(row.value, number);
    if (row.node.dataset.kind !== candidate.kind) row.node.dataset.kind = candidate.kind;
    flag(row.node, "own", Boolean(candidate.own));
    row.bar.style.transform = `scaleX(${Math.min(1, Math.max(0, share)).toFixed(4)})`;
  }

  #paintNeurons() {
    const { importance_now, spread, header } = this.scorer;
    const { up, down } = this.z;
    for (let n = 0; n < up.length; n++) {
      const change = this.scorer.empty ? 0 : (importance_now[n] - this.start[n]) / Math.max(spread[n], 1e-12);
      up[n] = change;
      down[n] = -change;
    }
    const lists = [[this.up, up, largest(up, TURNED)], [this.down, down, largest(down, TURNED)]];
    const scale = Math.max(1, ...lists.map(([, z, places]) => z[places[0]] ?? 0));
    let moved = false;
    for (const [rows, z, places] of lists) {
      rows.forEach((row, i) => {
        const n = places[i], shown = n !== undefined && z[n] > 0.05;
        flag(row.node, "blank", !shown);
        if (!shown) return;
        moved = true;
        const neuron = header.neurons[n];
        write(row.name, neuron.label);
        write(row.value, (rows === this.up ? "+" : "−") + z[n].toFixed(1));
        row.node.title = say(this.words.neuronIs, { index: neuron.index, label: neuron.label, status: neuron.trust, value: z[n].toFixed(2) });
        row.bar.style.transform = `scaleX(${(z[n] / scale).toFixed(4)})`;
      });
    }
    write(this.neuronNote, moved ? this.words.against : this.words.unmoved);
    flag(this.neuronNote.parentElement, "still", !moved);
  }

  #paintNearest() {
    this.near.set(this.scorer.likeness);
    for (const c of this.absent) this.near[c] = -Infinity;
    const places = this.scorer.empty ? [] : largest(this.near, NEAR);
    this.nears.forEach((row, i) => {
      row.node.hidden = places[i] === undefined;
      if (!row.node.hidden) this.#fill(row, this.classes[places[i]], this.near[places[i]].toFixed(2), this.near[places[i]]);
    });
    this.nearestSection.hidden = places.length === 0;
  }

  #paintClaims() {
    let count = 0;
    this.thumbs.forEach((thumb, m) => {
      const logits = this.#gather(m);
      let first = logits[0] > -Infinity;
      for (let c = 1; first && c < logits.length; c++) first = logits[c] <= logits[0];
      count += first;
      flag(thumb.node, "claimed", first);
    });
    const total = this.thumbs.length;
    write(this.claims, !this.#says() ? "" : say(count ? this.words.claims : this.words.claimsNone, { count, total })); // what is not described claims nothing
  }

  /* A line for eyes and screen readers, written when something is settled. */
  say(text) { write(this.said, text); }

  summary() {
    const name = this.name || this.words.yourClass;
    return this.scorer.empty ? this.words.empty : say(this.words.summary, { name, rank: this.rank, percent: (100 * this.share[0]).toFixed(0) });
  }
}
