// Keep what a page needs for a visit without a network. Where that cannot be done (a file opened
// without a server, a private window), the page works as before.

// A page that the service worker already serves has its files kept as they are loaded.
const served = Boolean(navigator.serviceWorker?.controller);

export async function keep(script, others = []) {
  try {
    await navigator.serviceWorker.register(script);
    const { active } = await navigator.serviceWorker.ready;
    const loaded = served ? [] : performance.getEntriesByType("resource").map(({ name }) => name);
    const page = location.href.split("#")[0];
    active.postMessage({ keep: [...new Set([page, ...loaded, ...others.map(String)])] });
  } catch {}
}
