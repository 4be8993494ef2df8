// Asking the worker: one question under way, and the newest one waiting. A worker that dies is
// replaced; a question that could not be answered is asked again when the network is back.

const PING = 5000; // ms between looks at a worker that has not answered yet
const PATIENCE = 30000; // ms of silence after which a worker counts as dead
const FIRST_RETRY = 5000; // ms; each later one waits twice as long
const MOST_RETRIES = 5;

// Return {ask, forget}. `answered(answer)`, `failed(reason, again)`, where `again` tells whether it
// is asked again by itself, and `starting(again)`, where it tells whether a worker died before, are
// called about the newest question only; nothing is said about one that was forgotten.
export function makeAsker(here, { answered, failed, starting }) {
  let worker = null, number = 0, sent = null, newest = null;
  let died = 0, heard = 0, looks = null, timer = null, retries = 0;

  function start() {
    worker = new Worker(new URL("worker.js", here), { type: "module" });
    heard = Date.now();
    worker.onmessage = ({ data }) => {
      heard = Date.now();
      if (!data.alive) hear(data);
    };
    worker.onerror = worker.onmessageerror = replace;
    // A worker that a browser has stopped, for want of memory say, does not tell: it is silent.
    looks ??= setInterval(() => {
      if (!sent) heard = Date.now();
      else if (Date.now() - heard > PATIENCE) replace();
      else worker?.postMessage({ alive: true });
    }, PING);
    starting(died > 0);
  }

  function send() {
    if (sent || !newest) return;
    if (!worker) start();
    sent = newest;
    worker.postMessage({ id: ++number, ask: sent });
  }

  function hear({ id, answer, error, network, broken }) {
    if (id !== number) return;
    const question = sent;
    [sent, died] = [null, 0];
    if (broken) stop(); // it would fail for ever, as a module that could not be loaded does
    if (question !== newest) return send(); // there is something newer to ask, or nothing
    if (error) {
      failed(error, Boolean(network));
      if (network) later();
      else newest = null;
    } else {
      [newest, retries] = [null, 0];
      answered(answer);
    }
  }

  function stop() {
    worker?.terminate();
    [worker, sent] = [null, null];
  }

  // The next question goes to a new worker; the one that was not answered is asked again, once.
  function replace() {
    const asked = sent !== null;
    stop();
    if (!asked || !newest) return; // it was idle: the next question starts a new one
    if (++died < 2) return send();
    died = 0;
    failed("the page's worker stopped twice", true);
    later();
  }

  function later() {
    clearTimeout(timer);
    if (retries < MOST_RETRIES) timer = setTimeout(send, FIRST_RETRY * 2 ** retries++);
  }

  addEventListener("online", () => {
    retries = 0;
    send();
  });

  return {
    ask(question) {
      clearTimeout(timer);
      [newest, retries] = [question, 0];
      send();
    },
    forget() {
      clearTimeout(timer);
      newest = null;
    },
  };
}
