// The editor's numbers outside a browser: node --test tests/app/score.test.mjs. Vectors of the engine come from test_score_js.py.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

// As a data address: a .js file is a module there whatever the Node at hand takes it for.
const source = readFileSync(new URL("../../pages/components/build/score.js", import.meta.url), "utf8");
const { Scorer, largest, shares, unpack } = await import(`data:text/javascript,${encodeURIComponent(source)}`);

function packed(arrays, header = {}) {
  const places = {};
  let at = 0;
  for (const [name, values] of Object.entries(arrays)) {
    places[name] = [at, values.length];
    at += values.length;
  }
  const json = new TextEncoder().encode(JSON.stringify({ ...header, arrays: places }));
  const start = 4 + json.length + ((4 - (json.length % 4)) % 4);
  const bytes = new Uint8Array(start + 4 * at + 1); // one more in front, so that the view is not aligned
  const view = new DataView(bytes.buffer, 1);
  view.setUint32(0, json.length, true);
  bytes.set(json, 5);
  Object.values(arrays).flat().forEach((value, i) => view.setFloat32(start + 4 * i, value, true));
  return bytes.subarray(1);
}

test("unpack reads what was packed, aligned or not", () => {
  for (const pad of ["", "x", "xx", "xxx"]) {
    const { header, arrays } = unpack(packed({ a: [1, -2.5], b: [3] }, { pad }));
    assert.equal(header.pad, pad);
    assert.deepEqual([...arrays.a], [1, -2.5]);
    assert.deepEqual([...arrays.b], [3]);
  }
});

test("shares are a softmax, of large logits too", () => {
  const out = shares([1000, 1000 + Math.log(3), -1000], new Float64Array(3));
  assert.ok(Math.abs(out[0] - 0.25) < 1e-9);
  assert.ok(Math.abs(out[1] - 0.75) < 1e-9);
  assert.equal(out[2], 0);
});

test("largest is a stable sort, cut", () => {
  let state = 1;
  const random = () => (state = (state * 48271) % 2147483647);
  for (let round = 0; round < 200; round++) {
    const values = Array.from({ length: random() % 12 }, () => random() % 5);
    const count = random() % 14;
    const expected = values.map((_, c) => c).sort((a, b) => values[b] - values[a] || a - b).slice(0, count);
    assert.deepEqual(largest(values, count), count ? expected : []);
  }
});

test("an empty description says nothing", () => {
  const tables = { transform: [1, 0, 0, 1], origin: [0, 0], rows: [1, 0], row_lengths: [1], row_offsets: [0], mean_row: [0, 0],
    importance: [2, 3], importance_offset: [1] };
  const header = { attributes: 2, encoding: "unit", norm: 2, bias: 0.5, mean_square: 0 };
  const scorer = new Scorer(unpack(packed(tables, header)));
  scorer.describe([0, 0]);
  assert.ok(scorer.empty);
  scorer.describe([3, 4]);
  assert.ok(!scorer.empty);
  assert.ok(Math.abs(scorer.score([1, 0]) - (0.5 + 2 * 0.6)) < 1e-12);
  assert.ok(Math.abs(scorer.likeness[0] - 0.6) < 1e-12);
  assert.ok(Math.abs(scorer.importance_now[0] - (1 + 2 * 0.6 + 3 * 0.8)) < 1e-12);
});

const path = process.env.ENGINE_VECTORS;
test("the engine says the same", { skip: path ? false : "without ENGINE_VECTORS; test_score_js.py writes them" }, () => {
  const { tables, cases } = JSON.parse(readFileSync(path, "utf8"));
  const scorer = new Scorer(unpack(new Uint8Array(Buffer.from(tables, "base64"))));
  const near = (found, expected, what) => {
    assert.equal(found.length, expected.length, what);
    expected.forEach((value, i) => assert.ok(Math.abs(found[i] - value) < 1e-4, `${what} ${i}: ${found[i]} for ${value}`));
  };
  for (const { values, scores, nearest, importances } of cases) {
    scorer.describe(values);
    near(scores.map((_, m) => scorer.score(scorer.pictures, m * scorer.r)), scores, "score");
    near(nearest.map(([c]) => scorer.likeness[c]), nearest.map(([, cosine]) => cosine), "likeness");
    assert.deepEqual(largest(scorer.likeness, nearest.length), nearest.map(([c]) => c));
    near(Array.from(scorer.importance_now), importances, "importance");
  }
});
