// What retrieval needs besides the networks: drawing strokes on pixels, K-means, cosine ranking.
// Plain functions on typed arrays, without any page around them; the Python library does the same.

export const FILL = 0.82; // longer side of a drawing, as a part of the frame: the Toybox's sketches
export const LINE = 0.023; // width of a stroke, as a part of the frame
export const INK = 32; // grey of a stroke
const MOST_SEGMENTS = 20000;

// Return the grey values (0 to 255) of a square drawing, row by row, or null if nothing is drawn.
// Strokes are lists of [x, y] or [x, y, pressure]; they are centred and scaled to the frame.
export function rasterise(strokes, side) {
  const clean = [];
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const stroke of strokes) {
    const points = [];
    for (const [x, y, pressure] of stroke) {
      if (!Number.isFinite(x) || !Number.isFinite(y)) continue;
      points.push([x, y, Number.isFinite(pressure) ? Math.min(1, Math.max(0, pressure)) : 0.5]);
      left = Math.min(left, x); right = Math.max(right, x);
      top = Math.min(top, y); bottom = Math.max(bottom, y);
    }
    if (points.length) clean.push(points);
  }
  if (!clean.length) return null;
  const pen = LINE * side;
  const extent = Math.max(right - left, bottom - top);
  const scale = extent > 1e-9 ? (FILL * side - pen) / extent : 0;
  const [dx, dy] = [side / 2 - (scale * (left + right)) / 2, side / 2 - (scale * (top + bottom)) / 2];
  const ink = new Float64Array(side * side);
  let segments = 0;
  for (const points of clean) {
    let from = null;
    for (let i = 0; i < points.length; i++) {
      const to = [points[i][0] * scale + dx, points[i][1] * scale + dy, points[i][2]];
      if (from === null && points.length > 1) { from = to; continue; }
      const start = from ?? to;
      // Points closer than a quarter of a pixel add nothing; the last one of a stroke counts.
      const near = Math.hypot(to[0] - start[0], to[1] - start[1]) < 0.25;
      if (near && i < points.length - 1) continue;
      if (++segments > MOST_SEGMENTS) return grey(ink);
      // Pressure from 0 to 1 makes a pen of 0.5 to 1.5 times the width; a mouse reports 0.5.
      segment(ink, side, start, to, (pen / 2) * (0.5 + (start[2] + to[2]) / 2));
      from = to;
    }
  }
  return grey(ink);
}

function segment(ink, side, a, b, radius) {
  const reach = radius + 0.5;
  const x0 = Math.max(0, Math.floor(Math.min(a[0], b[0]) - reach));
  const x1 = Math.min(side - 1, Math.ceil(Math.max(a[0], b[0]) + reach));
  const y0 = Math.max(0, Math.floor(Math.min(a[1], b[1]) - reach));
  const y1 = Math.min(side - 1, Math.ceil(Math.max(a[1], b[1]) + reach));
  const [ux, uy] = [b[0] - a[0], b[1] - a[1]];
  const length = ux * ux + uy * uy;
  for (let y = y0; y <= y1; y++) {
    for (let x = x0; x <= x1; x++) {
      const [px, py] = [x + 0.5 - a[0], y + 0.5 - a[1]];
      const t = length > 0 ? Math.min(1, Math.max(0, (px * ux + py * uy) / length)) : 0;
      const distance = Math.hypot(px - t * ux, py - t * uy);
      const cover = Math.min(1, Math.max(0, reach - distance));
      if (cover > ink[y * side + x]) ink[y * side + x] = cover;
    }
  }
}

function grey(ink) {
  return Float32Array.from(ink, (value) => Math.floor(255 - value * (255 - INK) + 0.5));
}

// Lloyd's algorithm on `count` points of `width` numbers, from given centres; both flat arrays.
export function kmeans(points, count, width, init, iterations = 100, tolerance = 1e-4) {
  const k = init.length / width;
  let centres = Float64Array.from(init);
  const assignment = new Int32Array(count).fill(-1);
  const mean = new Float64Array(width);
  for (let i = 0; i < points.length; i++) mean[i % width] += points[i] / count;
  let variance = 0;
  for (let i = 0; i < points.length; i++) variance += (points[i] - mean[i % width]) ** 2;
  const enough = (tolerance * variance) / (count * width);
  const rounds = [];
  for (let round = 0; round < iterations; round++) {
    let changed = false;
    for (let i = 0; i < count; i++) {
      const best = nearest(points, i, width, centres, k);
      if (best !== assignment[i]) [assignment[i], changed] = [best, true];
    }
    if (!changed) break;
    const counts = fillEmpty(points, count, width, centres, k, assignment);
    const moved = new Float64Array(k * width);
    for (let i = 0; i < count; i++) {
      const offset = assignment[i] * width;
      for (let j = 0; j < width; j++) moved[offset + j] += points[i * width + j];
    }
    let shift = 0;
    for (let c = 0; c < k; c++) {
      for (let j = 0; j < width; j++) {
        const at = c * width + j;
        moved[at] = counts[c] ? moved[at] / counts[c] : centres[at];
        shift += (moved[at] - centres[at]) ** 2;
      }
    }
    centres = moved;
    rounds.push(shift);
    if (shift <= enough) break;
  }
  return { centres, assignment, rounds: rounds.length };
}

function squared(points, i, width, centres, c) {
  let sum = 0;
  for (let j = 0; j < width; j++) sum += (points[i * width + j] - centres[c * width + j]) ** 2;
  return sum;
}

function nearest(points, i, width, centres, k) {
  let [best, least] = [0, Infinity];
  for (let c = 0; c < k; c++) {
    const distance = squared(points, i, width, centres, c);
    if (distance < least) [best, least] = [c, distance];
  }
  return best;
}

// An empty cluster takes the sample farthest from its own centre, unless that empties another.
function fillEmpty(points, count, width, centres, k, assignment) {
  const counts = new Int32Array(k);
  for (const c of assignment) counts[c]++;
  for (let c = 0; c < k; c++) {
    if (counts[c]) continue;
    let [far, most] = [-1, 0];
    for (let i = 0; i < count; i++) {
      if (counts[assignment[i]] < 2) continue;
      const distance = squared(points, i, width, centres, assignment[i]);
      if (distance > most) [far, most] = [i, distance];
    }
    if (far < 0) continue;
    counts[assignment[far]]--;
    counts[c]++;
    assignment[far] = c;
  }
  return counts;
}

// Return the smallest cosine distance of every row of the gallery to one of the queries, and which.
export function distances(queries, gallery, width) {
  const k = queries.length / width;
  const unit = Float32Array.from(queries);
  for (let c = 0; c < k; c++) {
    let sum = 0;
    for (let j = 0; j < width; j++) sum += unit[c * width + j] ** 2;
    const length = Math.sqrt(sum) || 1;
    for (let j = 0; j < width; j++) unit[c * width + j] /= length;
  }
  const rows = gallery.length / width;
  const found = new Float32Array(rows);
  const which = new Uint8Array(rows);
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let j = 0; j < width; j++) sum += gallery[i * width + j] ** 2;
    const length = Math.sqrt(sum) || 1;
    let best = -Infinity;
    for (let c = 0; c < k; c++) {
      let dot = 0;
      for (let j = 0; j < width; j++) dot += unit[c * width + j] * gallery[i * width + j];
      if (dot > best) [best, which[i]] = [dot, c];
    }
    found[i] = 1 - best / length;
  }
  return { found, which };
}

// Return the places of the smallest values, in order; equal ones by their place.
export function smallest(values, count) {
  const order = Array.from(values.keys());
  order.sort((a, b) => values[a] - values[b] || a - b);
  return order.slice(0, count);
}

// Return how clear an answer is: how near the first photo is, as a cosine, and how much the photos
// found resemble each other, the mean cosine of two of them. `zsbir_lib.web.certainty` does the same.
export function clearness(found, gallery, width, nearest) {
  const rows = found.map((row) => {
    const values = Float64Array.from(gallery.subarray(row * width, (row + 1) * width));
    const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0)) || 1;
    return values.map((value) => value / length);
  });
  let [sum, pairs] = [0, 0];
  for (let i = 1; i < rows.length; i++) {
    for (let j = 0; j < i; j++, pairs++) {
      for (let k = 0; k < width; k++) sum += rows[i][k] * rows[j][k];
    }
  }
  return 1 - nearest + (pairs ? sum / pairs : 1);
}

// Let the scores of photos spread over a graph (starts, ends, weights of its edges): the solution of
// (I - alpha W) f = y by Chebyshev's method. `zsbir_lib.retrieval.DiffusionIndex` does the same.
export function spread(y, { starts, ends, weights }, alpha, steps) {
  const n = y.length;
  let [before, now] = [new Float64Array(n), Float64Array.from(y)];
  let weight = 1;
  for (let step = 0; step < steps; step++) {
    weight = step ? 1 / (1 - (alpha ** 2 * weight) / 4) : 2 / (2 - alpha ** 2);
    const after = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let e = starts[i]; e < starts[i + 1]; e++) sum += weights[e] * now[ends[e]];
      after[i] = before[i] + weight * (alpha * sum + y[i] - before[i]);
    }
    [before, now] = [now, after];
  }
  return now;
}

// Turn cosine distances into those of the scores that have spread: the first is 0.
export function spreadDistances(cosine, graph, { alpha, temperature, steps }) {
  const least = cosine.reduce((found, value) => Math.min(found, value), Infinity);
  const scores = spread(cosine.map((value) => Math.exp((least - value) / temperature)), graph, alpha,
    steps);
  const most = scores.reduce((found, value) => Math.max(found, value), 0);
  return Float32Array.from(scores, (score) => -Math.log(Math.max(score / most, 1e-38)) || 0);
}
