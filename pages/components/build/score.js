/* What a description means to the network, as in niwt_core/classify/live_tables.py: scores, likeness to known classes, predicted importance.

Everything is computed afresh from the K values at every change: with 312 attributes and 200 classes that is some 130,000 multiplications,
0.2 ms, so that no running sum can drift. Sums are doubles, tables single precision. */

/* Tables from bytes: [uint32 length of the header][JSON header][padding to 4][float32 arrays]; header.arrays: name -> [offset, length]. */
export function unpack(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const start = 4 + length + ((4 - (length % 4)) % 4);
  const floats = new Float32Array(bytes.slice(start).buffer); // a copy: the view may not be aligned
  const arrays = {};
  for (const [name, [offset, size]] of Object.entries(header.arrays)) arrays[name] = floats.subarray(offset, offset + size);
  return { header, arrays };
}

export class Scorer {
  constructor({ header, arrays }) {
    Object.assign(this, arrays);
    this.header = header;
    this.K = header.attributes;
    this.r = this.origin.length;
    this.bias = header.bias; // of a typical class; where no bias is read off the row, the server sends the class's own when a control is let go
    this.nearness = new Float64Array(header.seen?.length ?? 0); // cosine to every seen class about their mean
    this.k = new Float64Array(this.K); // the encoded description
    this.unit = new Float64Array(this.r); // d / |d|
    this.likeness = new Float64Array(this.row_lengths.length); // cosine to every class, as BuiltClass.nearest
    this.importance_now = new Float64Array(this.importance_offset.length);
    this.empty = true;
  }

  /* Sets the description (K raw values). Nothing can be said of an empty one: `empty` is then true. */
  describe(values) {
    const { k, K, r, unit } = this;
    const hellinger = this.header.encoding === "hellinger";
    let square = 0;
    for (let j = 0; j < K; j++) {
      const value = hellinger ? Math.sqrt(Math.max(0, values[j])) : values[j];
      k[j] = value;
      square += value * value;
    }
    this.empty = !(square > 0);
    if (this.empty) return;
    const shrink = this.header.encoding === "plain" ? 1 : 1 / Math.sqrt(square);
    for (let j = 0; j < K; j++) k[j] *= shrink;
    let length = 0;
    for (let i = 0; i < r; i++) {
      unit[i] = this.origin[i] + product(this.transform, i * K, k, K);
      length += unit[i] * unit[i];
    }
    length = Math.max(Math.sqrt(length), 1e-12);
    for (let i = 0; i < r; i++) unit[i] /= length;
    this.#compare();
    if (this.header.by_row) this.bias = this.#biasOfRow();
    for (let n = 0; n < this.importance_now.length; n++) {
      this.importance_now[n] = this.importance_offset[n] + product(this.importance, n * K, k, K);
    }
  }

  /* The score of the described class for a picture given as r coordinates from `start` on; a logit, comparable with `logits`. */
  score(coordinates, start = 0) {
    return this.bias + this.header.norm * product(coordinates, start, this.unit, this.r);
  }

  /* The bias that the class gets when it is built, as niwt_core/evaluation/bias_by_row.py has it. */
  #biasOfRow() {
    const { before, weights, near } = this.header.by_row;
    this.header.seen.forEach((c, i) => { this.nearness[i] = product(this.rows, c * this.r, this.unit, this.r) / Math.max(this.row_lengths[c], 1e-12); });
    const nearest = largest(this.nearness, Math.min(near, this.nearness.length));
    const mean = nearest.reduce((sum, i) => sum + this.nearness[i], 0) / nearest.length;
    return before + weights[0] * mean + weights[1] * product(this.typical, 0, this.unit, this.r) + weights[2];
  }

  #compare() {
    const { norm, mean_square } = this.header;
    const own = Math.sqrt(norm * norm - 2 * norm * product(this.mean_row, 0, this.unit, this.r) + mean_square);
    for (let c = 0; c < this.likeness.length; c++) {
      const dot = norm * product(this.rows, c * this.r, this.unit, this.r) - this.row_offsets[c];
      this.likeness[c] = dot / Math.max(this.row_lengths[c] * own, 1e-12);
    }
  }
}

function product(table, start, vector, length) {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += table[start + i] * vector[i];
  return sum;
}

/* Softmax over logits at the study's temperature, written to `out`; returns it. */
export function shares(logits, out, temperature = 1) {
  let top = -Infinity;
  for (let c = 0; c < logits.length; c++) top = Math.max(top, logits[c]);
  let total = 0;
  for (let c = 0; c < logits.length; c++) total += out[c] = Math.exp((logits[c] - top) / temperature);
  for (let c = 0; c < logits.length; c++) out[c] /= total;
  return out;
}

/* The places of the `count` largest of `values`, largest first; the earlier wins a tie. */
export function largest(values, count) {
  const places = [];
  for (let c = 0; c < values.length; c++) {
    if (places.length === count && !(values[c] > values[places[count - 1]])) continue;
    let at = places.length;
    while (at > 0 && values[c] > values[places[at - 1]]) at--;
    places.splice(at, 0, c);
    if (places.length > count) places.pop();
  }
  return places;
}
