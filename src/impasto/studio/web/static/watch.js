// The painting as it grows, from server-sent events; where they stop, the server is looked for until it answers again.

import { home } from "./home.js";
import { say } from "./language.js";
import { plot } from "./plot.js";
import { headline, mail, when } from "./words.js";

const page = document.getElementById("watch");
const growing = document.getElementById("growing");
const get = (id) => document.getElementById(id);
const cancel = page.querySelector("form button");
// ms: a stream that lives is never quiet for so long, and an answer never takes so long
const QUIET = 35_000, PATIENCE = 8_000;
const SEEK = 3_000, AGAIN = 10_000; // ms between two looks for a lost server, and for a stream that was refused
let stream, timer;
let heard = performance.now();
let asking = false;
let shown = growing.getAttribute("src") ?? "";

function put(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

async function grow(address) {
  if (!address || address === shown) return;
  shown = address;
  const next = new Image();
  next.src = address;
  try {
    await next.decode();
  } catch { // replaced by a newer one meanwhile, or the server is lost
    if (address === shown) shown = growing.getAttribute("src") ?? "";
    return;
  }
  if (address !== shown) return;
  growing.src = address;
  growing.hidden = false;
}

function show(state) {
  if (!["waiting", "painting"].includes(state.state)) {
    stream?.close();
    location.reload();
    return;
  }
  heard = performance.now();
  page.dataset.state = state.state;
  cancel.disabled = false;
  put(get("headline"), headline(state));
  put(get("when"), when(state));
  put(get("mail"), mail(state));
  // read out now and then, not each second
  put(get("spoken"), state.progress ? say("%(share)s painted", { share: `${25 * Math.floor(4 * state.progress.share)}%` }) : headline(state));
  document.title = `${headline(state)} · Impasto`;
  get("progress-part").hidden = !state.progress;
  if (state.progress) {
    const { share, scale, scales, step, steps } = state.progress;
    get("bar").value = share;
    put(get("step"), say("Scale %(scale)s of %(scales)s, step %(step)s of %(steps)s", { scale, scales, step, steps }));
  }
  get("plot-part").hidden = !plot(get("plot"), state.curve);
  grow(state.preview);
}

function lose() {
  page.dataset.state = "lost";
  cancel.disabled = true;
  put(get("headline"), say("The studio does not answer"));
  put(get("when"), say("It may be starting anew, or your connection is gone. This page looks for it every few seconds, and goes on by itself."));
  put(get("spoken"), say("The studio does not answer. This page looks for it."));
  document.title = `${say("The studio does not answer")} · Impasto`;
  next(SEEK);
}

/** Ask where the painting is, where the stream does not say it. */
async function ask() {
  if (asking) return;
  asking = true;
  try {
    const answer = await fetch(`${home}api/paintings/${page.dataset.token}`, { signal: AbortSignal.timeout(PATIENCE) });
    if (answer.status === 404) location.reload();
    else if (answer.ok) show(await answer.json());
    else lose();
  } catch {
    lose();
  }
  asking = false;
}

function listen() {
  stream?.close();
  stream = new EventSource(`${home}api/paintings/${page.dataset.token}/events`);
  stream.addEventListener("state", (event) => show(JSON.parse(event.data)));
  stream.addEventListener("here", () => { heard = performance.now(); });
  stream.addEventListener("gone", () => location.reload());
  stream.addEventListener("error", ask);
}

async function look() {
  const lost = page.dataset.state === "lost";
  if (lost || performance.now() - heard > QUIET) await ask();
  const found = page.dataset.state !== "lost";
  if (found && (lost || stream.readyState === EventSource.CLOSED)) listen();
  next(found ? AGAIN : SEEK);
}

function next(pause) {
  clearTimeout(timer);
  timer = setTimeout(look, pause);
}

show(JSON.parse(get("job").textContent));
listen();
next(AGAIN);
