// The form: what it will take, and sending it.

import "./drop.js";
import "./faces.js";
import { home } from "./home.js";
import { language, say } from "./language.js";
import { given, proportions, receive, refuse } from "./photo.js";

const form = document.getElementById("ask");
const field = document.getElementById("photo");
const button = document.getElementById("submit");
const refusal = document.getElementById("refused");
const FRAME = 5_000; // bytes of a form beside its pictures, at most
const dpi = Number(form.dataset.dpi);
const EVERY = 20_000; // ms between two looks at the queue
const decimal = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const paint = button.textContent;

let asking = new AbortController();
async function update() {
  asking.abort();
  asking = new AbortController();
  const { size, quality } = Object.fromEntries(new FormData(form));
  try {
    const answer = await fetch(`${home}api/estimate?${new URLSearchParams({ quality, size, ...proportions })}`, { signal: asking.signal });
    if (answer.status === 422 && !Number(size)) { // too large, for a photo of this shape
      form.querySelector(".pixels label:last-child input").checked = true;
      update();
    }
    if (!answer.ok) return;
    const { words, width, height, sizes } = await answer.json();
    const line = document.getElementById("estimate");
    if (line.textContent !== words) line.textContent = words;
    const printed = (side) => decimal.format((side / dpi) * 2.54);
    document.getElementById("canvas").textContent = proportions && say("%(width)s × %(height)s pixels: %(across)s × %(down)s cm in print, at %(dpi)s dots an inch.", { width, height, across: printed(width), down: printed(height), dpi });
    for (const { name, words: takes, seconds: offered } of sizes) {
      const box = form.querySelector(`[name=size][value=${name}]`);
      box.disabled = !offered;
      box.parentNode.querySelector("small").textContent = takes;
    }
  } catch {
    return; // asked again, or no connection: what was said last stays
  }
}
form.addEventListener("change", (event) => ["size", "quality"].includes(event.target.name) && update());
form.addEventListener("photo", update);
if (proportions || ["size", "quality"].some((name) => !form.querySelector(`[name=${name}]:checked`).defaultChecked)) update(); // chosen before this script came
setInterval(() => document.hidden || button.disabled || update(), EVERY);

function sending(words) {
  button.disabled = Boolean(words);
  button.textContent = words || paint;
}

function fail(sentence) {
  sending("");
  refusal.textContent = sentence;
  refusal.hidden = false;
}

// A proxy in front answers in words of its own.
function said({ responseText, status }) {
  try {
    return JSON.parse(responseText).detail;
  } catch {
    return status === 413 ? say("That is more than can be sent: choose a smaller picture.") : say("The studio did not answer: try again in a minute.");
  }
}

/** Send a form, and say how much of it is sent; answers with the request when it has ended, and with null where the studio can't be reached. */
const send = (data, which) => new Promise((resolve) => {
  const request = new XMLHttpRequest(); // and not fetch, which does not tell how much is sent
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    sending(loaded < total ? which(Math.floor((100 * loaded) / total)) : say("Looking at it…"));
  });
  request.addEventListener("load", () => resolve(request));
  request.addEventListener("error", () => resolve(null));
  request.open("POST", form.action);
  request.setRequestHeader("Accept", "application/json");
  sending(say("Sending…"));
  request.send(data);
});

/** Send the form with one photo; answers with why that failed, or with the painting's page. */
async function ask(data, which) {
  const size = [...data.values()].reduce((sum, value) => sum + (value.size ?? 0), FRAME);
  if (size > Number(form.dataset.maxBytes)) {
    const most = Math.floor(form.dataset.maxBytes / 1e6);
    return { refused: say("Photo and style have more than %(most)s MB together, which is the most that can be sent: choose smaller pictures.", { most }) };
  }
  const request = await send(data, which);
  if (!request) return { refused: say("The studio can’t be reached: look at your connection, and try again.") };
  return request.status < 400 ? { page: request.responseURL } : { refused: said(request) };
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  refusal.hidden = true;
  if (!given()) {
    refuse(say("There is no photo yet: choose one."));
    return;
  }
  const data = new FormData(form);
  const photos = [...field.files];
  const count = Math.max(1, photos.length);
  let page = "";
  for (let index = 0; index < count; index += 1) { // one after another: what is refused says where it stopped
    if (photos.length) data.set("photo", photos[index]);
    const answer = await ask(data, (percent) => count > 1
      ? say("Sending %(number)s of %(count)s, %(percent)s%", { number: index + 1, count, percent })
      : say("Sending, %(percent)s%", { percent }));
    if (answer.refused) {
      if (index) receive(...photos.slice(index));
      fail(index ? `${say("%(number)s of %(count)s photos were taken, and are in Mine; the others are still here.", { number: index, count })} ${answer.refused}` : answer.refused);
      return;
    }
    page = answer.page;
  }
  location.assign(count > 1 ? `${home}mine` : page);
});
addEventListener("pageshow", () => sending(""));
const regions = document.getElementById("regions");
const paintParts = () => regions.open && import("./parts/brush.js");
regions.addEventListener("toggle", paintParts);
paintParts();
for (const element of document.querySelectorAll(".scripted")) element.hidden = false;
