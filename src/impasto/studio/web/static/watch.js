// The painting as it grows, from server-sent events.

import { home } from "./home.js";
import { plot } from "./plot.js";
import { headline, mail, when } from "./words.js";

const page = document.getElementById("watch");
const growing = document.getElementById("growing");
const get = (id) => document.getElementById(id);
const AGAIN = 10_000; // ms until a stream that was refused is asked for again
let shown = growing.getAttribute("src") ?? "";

function say(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

async function grow(address) {
  if (!address || address === shown) return;
  shown = address;
  const next = new Image();
  next.src = address;
  try {
    await next.decode();
  } catch {
    return; // replaced by a newer one meanwhile
  }
  if (address !== shown) return;
  growing.src = address;
  growing.hidden = false;
}

function show(state) {
  if (!["waiting", "painting"].includes(state.state)) {
    location.reload();
    return;
  }
  page.dataset.state = state.state;
  say(get("headline"), headline(state));
  say(get("when"), when(state));
  say(get("mail"), mail(state));
  // read out now and then, not each second
  say(get("spoken"), state.progress ? `${25 * Math.floor(4 * state.progress.share)}% painted` : headline(state));
  document.title = `${headline(state)} · Impasto`;
  get("progress-part").hidden = !state.progress;
  if (state.progress) {
    const { share, scale, scales, step, steps } = state.progress;
    get("bar").value = share;
    say(get("step"), `Scale ${scale} of ${scales}, step ${step} of ${steps}`);
  }
  get("plot-part").hidden = !plot(get("plot"), state.curve, state.settings.content_weight ?? 1);
  grow(state.preview);
}

function listen() {
  const stream = new EventSource(`${home}api/paintings/${page.dataset.token}/events`);
  stream.addEventListener("state", (event) => {
    const state = JSON.parse(event.data);
    if (!["waiting", "painting"].includes(state.state)) stream.close();
    show(state);
  });
  stream.addEventListener("gone", () => {
    stream.close();
    location.reload();
  });
  stream.addEventListener("error", () => {
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, AGAIN);
  });
}

show(JSON.parse(get("job").textContent));
listen();
