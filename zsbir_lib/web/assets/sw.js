// Keeps copies of what was loaded, so that a page that was once visited opens without a network.
// The network comes first: nobody reads an old copy while there is a newer one to be had.

const CACHE = "zsbir-1";

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

async function keep(address) {
  try {
    const answer = await fetch(address);
    if (answer.ok) await (await caches.open(CACHE)).put(address, answer);
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
    const cache = await caches.open(CACHE);
    try {
      const answer = await fetch(request);
      if (answer.ok && answer.status === 200) event.waitUntil(cache.put(request, answer.clone()));
      return answer;
    } catch (error) {
      const kept = await cache.match(request, { ignoreVary: true });
      if (kept) return kept;
      throw error;
    }
  })());
});
