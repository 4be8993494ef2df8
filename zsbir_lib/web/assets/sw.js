// Keeps copies of what was loaded, so that a page that was once visited opens without a network.
// The network comes first: nobody reads an old copy while there is a newer one to be had.

const CACHE = "zsbir-1";

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

// Some files carry a digest of their contents in their names: a new one takes an old one's place.
const DIGEST = /\.[0-9a-f]{8}(?=\.[^./]+$)/;

async function put(address, answer) {
  const cache = await caches.open(CACHE);
  await cache.put(address, answer);
  if (!DIGEST.test(address)) return;
  for (const { url } of await cache.keys()) {
    const other = url !== address && DIGEST.test(url);
    if (other && url.replace(DIGEST, "") === address.replace(DIGEST, "")) await cache.delete(url);
  }
}

async function keep(address) {
  try {
    const answer = await fetch(address);
    if (answer.ok) await put(address, answer);
  } catch {}
}

addEventListener("message", ({ data }) => {
  for (const address of data.keep ?? []) {
    if (new URL(address).origin === location.origin) keep(address);
  }
});

addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== location.origin) return;
  event.respondWith((async () => {
    try {
      const answer = await fetch(request);
      if (answer.ok && answer.status === 200) event.waitUntil(put(request.url, answer.clone()));
      return answer;
    } catch (error) {
      const kept = await (await caches.open(CACHE)).match(request, { ignoreVary: true });
      if (kept) return kept;
      throw error;
    }
  })());
});
