// The first step: a photo is chosen or taken, and may be taken away again.

import { say } from "./language.js";
import { check, put, show } from "./picture.js";

const form = document.getElementById("ask");
const field = document.getElementById("photo");
const drop = document.getElementById("drop");
const shown = document.getElementById("shown");
const preview = document.getElementById("preview");
const words = document.getElementById("photo-state");
const refusal = document.getElementById("photo-refused");
const away = document.getElementById("photo-away");
const cut = document.getElementById("cut");
let asking = new AbortController();

/** Of what is painted of the photo, in its own pixels where they are known: {width, height}; null while there is none. */
export let proportions = preview.hasAttribute("width") ? { width: preview.width, height: preview.height } : null;

/** The picture that shows all of the photo; the preview may show a part of it. */
export let source = preview;

/** Whether there is a photo to send. */
export const given = () => field.files.length > 0 || Boolean(document.getElementById("photo-of"));

/** Say why there is no photo, and go there. */
export function refuse(sentence) {
  refusal.textContent = sentence;
  refusal.hidden = false;
  field.focus();
  refusal.scrollIntoView({ block: "center" });
}

function changed(size) {
  proportions = size;
  away.hidden = !given();
  cut.hidden = !size || field.files.length > 1;
  form.dispatchEvent(new Event("photo"));
}

/** There is another photo, or none: all of it is painted, as it is. */
function begin() {
  asking.abort();
  source = preview;
  document.getElementById("turn").value = "0";
  document.getElementById("crop").value = "";
}

/** Show what is painted of the photo: a picture of it, and its size. */
export async function recut(image, picture, size) {
  source = image;
  await show(preview, picture);
  changed(size);
}

/** Have no photo. */
function clear(sentence) {
  begin();
  put(field, null);
  document.getElementById("photo-of")?.remove();
  shown.hidden = true;
  drop.removeAttribute("data-busy");
  refusal.hidden = true;
  words.textContent = sentence;
  changed(null);
}

async function take(file) {
  begin();
  asking = new AbortController();
  const { signal } = asking;
  refusal.hidden = true;
  document.getElementById("photo-of")?.remove();
  away.hidden = false;
  words.textContent = say("Looking at it…");
  drop.toggleAttribute("data-busy", true);
  cut.disabled = true; // what is shown may yet be another picture
  const seen = show(preview, file);
  const checked = check(file, Number(form.dataset.maxBytes), signal);
  const visible = await seen;
  if (signal.aborted) return;
  shown.hidden = !visible;
  if (visible) changed({ width: preview.naturalWidth, height: preview.naturalHeight });
  const found = await checked;
  if (signal.aborted) return;
  drop.removeAttribute("data-busy");
  cut.disabled = false;
  if (found?.refused) {
    clear("");
    refuse(found.refused);
    return;
  }
  if (found && (!visible || found.notes.length)) { // what is painted may look otherwise than what the browser shows
    await show(preview, found.preview);
    shown.hidden = false;
    changed(found);
  }
  const said = [file.name, ...(found?.notes ?? [])].join(": ");
  const count = field.files.length;
  words.textContent = count > 1 ? say("%(count)s photos: each becomes a painting. This is the first, %(name)s", { count, name: said }) : said;
}

field.addEventListener("change", () => field.files.length ? take(field.files[0]) : clear(""));

/** Take files that were not chosen in the field itself. */
export function receive(...files) {
  put(field, ...files);
  take(files[0]);
}

const camera = document.getElementById("take");
document.getElementById("camera").hidden = !matchMedia("(pointer: coarse)").matches;
field.multiple = true; // start.js sends them one by one
camera.addEventListener("change", () => camera.files.length && receive(camera.files[0]));
away.addEventListener("click", () => {
  clear(say("The photo was taken away."));
  field.focus();
});
cut.addEventListener("click", async () => (await import("./crop/crop.js")).open());
away.hidden = !given();
cut.hidden = !proportions;
// a browser that went back may have kept the file
if (field.files.length) take(field.files[0]);
