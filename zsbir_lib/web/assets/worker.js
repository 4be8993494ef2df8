// Retrieval off the page's own thread. It loads what a question needs, once, and answers
// {id, ask} with {id, answer} or {id, error, network, broken}: whether it was for want of a network,
// and whether only another worker can do better. Nothing is asked of any other machine.

import { clearness, distances, kmeans, smallest, spreadDistances } from "./engine.js";

const here = new URL(".", import.meta.url);
const kept = new Map();

function once(name, make) {
  if (!kept.has(name)) {
    const made = make();
    made.catch(() => kept.delete(name)); // a failed download may be tried again
    kept.set(name, made);
  }
  return kept.get(name);
}

function unreachable(name, about = {}) {
  return Object.assign(new Error(`${name} could not be loaded`), { network: true, ...about });
}

async function bytes(name) {
  let answer;
  try {
    answer = await fetch(new URL(name, here));
    if (answer.ok) return await answer.arrayBuffer();
  } catch {
    throw unreachable(name);
  }
  throw new Error(`${name} could not be loaded (${answer.status})`);
}

const model = () => once("model.json", async () =>
  JSON.parse(new TextDecoder().decode(await bytes("model.json"))));
const rows = (name) => once(name, async () => new Int8Array(await bytes(name)));
const floats = (name) => once(name, async () => new Float32Array(await bytes(name)));

const graph = (name, photos) => once(name, async () => {
  const data = await bytes(name);
  const edges = new Uint32Array(data, 4 * photos, 1)[0];
  return {
    starts: new Uint32Array(data, 0, photos + 1),
    ends: new Uint32Array(data, 4 * (photos + 1), edges),
    weights: new Float32Array(data, 4 * (photos + 1 + edges), edges),
  };
});

const runtime = () => once("runtime", async () => {
  // A browser may remember that a module could not be loaded, for as long as the worker lives.
  const ort = await import(new URL("ort.wasm.bundle.min.js", here)).catch(() => {
    throw unreachable("the runtime", { broken: true });
  });
  // Unpacked here, so that it travels small whatever the server does about compression. One that
  // declares the file as gzip-encoded has already unpacked it: the first bytes tell.
  let wasm = await bytes("ort-wasm-simd-threaded.wasm.gz");
  if (new Uint8Array(wasm, 0, 2).join() === "31,139") {
    const stream = new Blob([wasm]).stream().pipeThrough(new DecompressionStream("gzip"));
    wasm = await new Response(stream).arrayBuffer();
  }
  ort.env.wasm.wasmBinary = wasm;
  ort.env.wasm.numThreads = 1; // static hosts send no isolation headers, which threads need
  return ort;
});

const network = (name) => once(name, async () => {
  const [ort, weights] = await Promise.all([runtime(), bytes(name)]);
  return ort.InferenceSession.create(new Uint8Array(weights), { executionProviders: ["wasm"] });
});

async function run(name, inputs) {
  const [ort, session] = [await runtime(), await network(name)];
  const fed = {};
  for (const [key, [data, shape]] of Object.entries(inputs)) {
    fed[key] = new ort.Tensor("float32", data, shape);
  }
  return (await session.run(fed)).out.data;
}

// Return the latent vectors, and where K-means on what they decode to begins.
function latents(entry, all, samples, k) {
  const width = entry.latent_dim;
  let offset = Math.max(...entry.samples) * width;
  for (const count of entry.samples) {
    for (let centres = 1; centres <= Math.min(entry.most_centres, count); centres++) {
      if (count === samples && centres === k) {
        return [all.subarray(0, samples * width), all.subarray(offset, offset + k * width)];
      }
      offset += centres * width;
    }
  }
  throw new Error(`no start for ${k} centres of ${samples} samples`);
}

async function answer({ grey, method, samples, centres, weight, space, count }) {
  const about = await model();
  const side = about.side;
  const entry = about.methods[method];
  const chosen = entry.generators ? entry.generators[weight] : entry;
  // What is not there yet is loaded side by side, and does not count as time of retrieval.
  await Promise.all([network(about.backbone), network(chosen.network), rows(entry.gallery),
    entry.latents && floats(entry.latents), space > 0 && rows(chosen.back),
    entry.diffusion && graph(entry.diffusion.graph, about.photos)]);
  const begun = performance.now();
  const pixels = new Float32Array(3 * side * side);
  for (let channel = 0; channel < 3; channel++) pixels.set(grey, channel * side * side);
  const feature = Float32Array.from(await run(about.backbone, { pixels: [pixels, [1, 3, side, side]] }));
  const gallery = await rows(entry.gallery);
  let queries, cloud = null, rounds = 0, mixed = null;
  if (entry.generators) {
    const [z, first] = latents(entry, await floats(entry.latents), samples, centres);
    const width = entry.latent_dim;
    const decode = (part) => run(chosen.network,
      { feature: [feature, [1, feature.length]], z: [part, [part.length / width, width]] });
    cloud = Float32Array.from(await decode(z));
    const start = await decode(first);
    const clusters = kmeans(cloud, samples, entry.width, start);
    [queries, rounds] = [clusters.centres, clusters.rounds];
    if (space > 0) {
      const scaled = feature.map((value, j) => (value - entry.sketch_mean[j]) / entry.sketch_scale);
      mixed = distances(scaled, await rows(chosen.back), feature.length).found;
    }
  } else {
    queries = await run(chosen.network, { feature: [feature, [1, feature.length]] });
  }
  const { found: cosine, which } = distances(queries, gallery, entry.width);
  if (mixed) for (let i = 0; i < cosine.length; i++) cosine[i] += space * (mixed[i] - cosine[i]);
  const found = !entry.diffusion ? cosine : spreadDistances(
    cosine, await graph(entry.diffusion.graph, about.photos), entry.diffusion);
  const first = smallest(found, count);
  return {
    method, feature, clearness: clearness(first, gallery, entry.width, cosine[first[0]]),
    results: first.map((i) => ({
      photo: i, label: about.classes?.[about.labels[i]], distance: found[i], cosine: cosine[i],
      centre: which[i],
    })),
    queries: Float32Array.from(queries), cloud, rounds,
    milliseconds: performance.now() - begun,
  };
}

onmessage = async ({ data: { id, ask, alive } }) => {
  if (alive) return postMessage({ alive });
  try {
    postMessage({ id, answer: await answer(ask) });
  } catch (error) {
    const { network = false, broken = false } = error;
    postMessage({ id, error: String(error.message ?? error), network, broken });
  }
};
