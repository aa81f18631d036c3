// The first step: a photo is dropped, pasted, taken or chosen.

import { check, put, show } from "./picture.js";

const form = document.getElementById("ask");
const field = document.getElementById("photo");
const drop = document.getElementById("drop");
const shown = document.getElementById("shown");
const preview = document.getElementById("preview");
const words = document.getElementById("photo-state");
const refusal = document.getElementById("photo-refused");
let asking = new AbortController();

/** Of the photo, in any unit: {width, height}; null while there is none. */
export let proportions = preview.hasAttribute("width") ? { width: preview.width, height: preview.height } : null;

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
  form.dispatchEvent(new Event("photo"));
}

async function take(file) {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  refusal.hidden = true;
  document.getElementById("photo-of")?.remove();
  words.textContent = "Looking at it…";
  drop.toggleAttribute("data-busy", true);
  const seen = show(preview, file);
  const checked = check(file, Number(form.dataset.maxBytes), signal);
  const visible = await seen;
  if (signal.aborted) return;
  shown.hidden = !visible;
  if (visible) changed({ width: preview.naturalWidth, height: preview.naturalHeight });
  const found = await checked;
  if (signal.aborted) return;
  drop.removeAttribute("data-busy");
  if (found?.refused) {
    put(field, null);
    shown.hidden = true;
    words.textContent = "";
    changed(null);
    refuse(found.refused);
    return;
  }
  if (found && (!visible || found.notes.length)) { // what is painted may look otherwise than what the browser shows
    await show(preview, found.preview);
    shown.hidden = false;
    changed(found);
  }
  words.textContent = [file.name, ...(found?.notes ?? [])].join(": ");
}

field.addEventListener("change", () => field.files.length && take(field.files[0]));

const camera = document.getElementById("take");
document.getElementById("camera").hidden = !matchMedia("(pointer: coarse)").matches;
camera.addEventListener("change", () => {
  if (!camera.files.length) return;
  put(field, camera.files[0]);
  take(camera.files[0]);
});

function receive(files) {
  if (!files?.length) return false;
  put(field, files[0]);
  take(files[0]);
  return true;
}
document.addEventListener("paste", (event) => receive(event.clipboardData?.files) && event.preventDefault());
document.addEventListener("dragover", (event) => {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  drop.classList.add("over");
});
document.addEventListener("dragleave", (event) => event.relatedTarget || drop.classList.remove("over"));
document.addEventListener("drop", (event) => {
  drop.classList.remove("over");
  if (event.dataTransfer?.files.length) event.preventDefault();
  receive(event.dataTransfer?.files);
});
// a browser that went back may have kept the file
if (field.files.length) take(field.files[0]);
