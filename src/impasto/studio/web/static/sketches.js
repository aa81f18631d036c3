// Sketches: as soon as there is a photo, what is asked for is painted small, and the cards show this photo in each style.

import { home } from "./home.js";
import { say } from "./language.js";
import { given, source } from "./photo.js";

const SIDE = 384; // pixels of what is sent for a sketch: twice its own
const LEAST = 0.25; // of a side that is kept: less is sent in no more pixels
const PAUSE = 500; // ms after the last change
const TRIES = 5; // of one sketch, where the studio has no time for it
const form = document.getElementById("ask");
const figure = document.getElementById("sketch");
const note = document.getElementById("style-note");
const said = note.textContent;
const ownField = document.getElementById("style-file");
const cards = [...document.querySelectorAll("#gallery .style")].map((card) => {
  const image = card.querySelector("img");
  return { card, image, box: card.querySelector("input[name=style]"), before: image.src };
});
const ownCard = cards.find(({ box }) => !box.value);
let photo = null; // made small
let style = null; // one's own, made small
const stale = new Set(); // what is to be sketched: cards, and the figure
let asking = new AbortController();
let timer = 0;
let photos = 0; // how many there have been

/** A picture made small, of which so much is kept; null where it can't be. */
async function shrunk(image, kept = 1) {
  try {
    await image.decode();
    const share = Math.min(1, SIDE / kept / Math.max(image.naturalWidth, image.naturalHeight));
    const canvas = new OffscreenCanvas(Math.ceil(image.naturalWidth * share), Math.ceil(image.naturalHeight * share));
    const pen = canvas.getContext("2d");
    pen.imageSmoothingQuality = "high";
    pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    return new File([await canvas.convertToBlob({ type: "image/webp", quality: 0.95 })], "small");
  } catch {
    return null;
  }
}

/** What is sent: all of the form, or one card's style in place of its styles and parts. */
function asked(card) {
  const data = new FormData(form);
  for (const name of ["email", "size", "quality", "photo_of"]) data.delete(name);
  data.set("photo", photo);
  let own = data.has("style_file");
  if (card) {
    for (const name of ["style", "mask", "mask_style", "masks_of", "bare"]) data.delete(name);
    own = card === ownCard;
    if (own) data.set("style_file_weight", "1");
    else data.set("style", card.box.value);
  }
  data.delete("style_file");
  if (own && style) data.set("style_file", style);
  return data;
}

/** The card that shows what is asked for: where that is one style, in all of the photo. */
function asOneCard() {
  const data = new FormData(form);
  const parts = data.has("masks_of") || data.getAll("mask").some((mask) => mask.size);
  const ticked = cards.filter(({ box }) => box.checked);
  return parts || ticked.length !== 1 ? null : ticked[0];
}

const later = (seconds, signal) => new Promise((resolve) => {
  setTimeout(resolve, 1000 * seconds);
  signal.addEventListener("abort", resolve, { once: true });
});

/** A sketch's address; null where there is none. */
async function sketch(card, signal) {
  for (let tries = 0; tries < TRIES && !signal.aborted; tries += 1) {
    const answer = await fetch(`${home}api/sketches`, { method: "POST", body: asked(card), signal });
    if (answer.ok) return (await answer.json()).picture;
    if (answer.status !== 503) return null;
    await later(Number(answer.headers.get("retry-after") ?? 5), signal);
  }
  return null;
}

function isSeen({ card }) {
  const { top, bottom } = card.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}

/** The next one: what is asked for, then the cards that are seen, then the others. */
function next() {
  const waiting = cards.filter((card) => stale.has(card));
  return stale.has(figure) ? figure : waiting.find(isSeen) ?? waiting[0];
}

function show(one, picture) {
  if (one === figure) {
    figure.removeAttribute("data-busy");
    figure.hidden = !picture;
    if (picture) figure.querySelector("img").src = picture;
  } else if (picture) {
    one.image.dataset.sketch = one.image.src = picture;
    one.image.classList.add("sketched");
    note.textContent = say("Each is shown as it would paint your photo: a quick sketch.");
  }
}

async function work() {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  try {
    for (let one = next(); one; one = next()) {
      if (document.hidden) await new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
      const same = one === figure && asOneCard();
      const picture = same && same.image.dataset.sketch && !stale.has(same)
        ? same.image.dataset.sketch
        : await sketch(one === figure ? null : one, signal);
      if (signal.aborted) return;
      for (const each of same ? [one, same] : [one]) {
        stale.delete(each);
        show(each, picture);
      }
    }
  } catch {
    return; // given up, or no connection: what is shown stays
  }
}

/** Sketch these anew, when nothing has changed for a moment. */
function again(...which) {
  if (!photo) return;
  for (const each of which) stale.add(each);
  figure.toggleAttribute("data-busy", stale.has(figure));
  asking.abort();
  clearTimeout(timer);
  timer = setTimeout(work, PAUSE);
}

const all = () => [figure, ...cards.filter((card) => card !== ownCard || (style && ownField.files.length))];

/** There is another photo, or none. */
async function changed() {
  asking.abort();
  clearTimeout(timer);
  stale.clear();
  figure.hidden = true;
  note.textContent = said;
  for (const { image, before } of cards) {
    if (image.dataset.sketch) image.src = before;
    delete image.dataset.sketch;
    image.classList.remove("sketched");
  }
  photos += 1;
  const number = photos;
  photo = null;
  const [left, top, right, bottom] = (form.elements.crop.value || "0,0,1,1").split(",");
  const found = given() ? await shrunk(source, Math.max(LEAST, right - left, bottom - top)) : null;
  if (number !== photos) return;
  photo = found;
  again(...all());
}

form.addEventListener("photo", changed);
form.addEventListener("parts", () => again(figure));
form.addEventListener("change", ({ target }) => {
  const { name, type } = target;
  if (target.form !== form) return; // the brush
  if (["keep_colors", "keep_faces", "style_scale", "content_weight"].includes(name)) again(...all());
  else if (["style", "mask", "mask_style", "masks_of", "bare"].includes(name) || type === "range") again(figure);
});
ownCard.image.addEventListener("load", async () => {
  const { image } = ownCard;
  if (image.src === image.dataset.sketch) return;
  ownCard.before = image.src;
  delete image.dataset.sketch;
  image.classList.remove("sketched");
  style = await shrunk(image);
  again(figure, ownCard);
});
addEventListener("pagehide", () => asking.abort());
if (given()) changed();
