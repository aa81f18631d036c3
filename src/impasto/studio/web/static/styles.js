// The second step: one style, or up to three with their shares. Without this script each is a box to tick.

import { home } from "./home.js";
import { say } from "./language.js";
import { check, put, show } from "./picture.js";

const MOST = 3;
const form = document.getElementById("ask");
const gallery = document.getElementById("gallery");
const mix = document.getElementById("mix");
const own = document.getElementById("own");
const ownStyle = document.getElementById("own-style");
const ownField = document.getElementById("style-file");
const refusal = document.getElementById("style-refused");
const boxes = [...gallery.querySelectorAll("input[name=style]")];
const away = document.getElementById("own-away");
const words = document.querySelector("#style-file-label span");
const ofParts = [...form.querySelectorAll("select[name=mask_style]")];
const chosen = () => boxes.filter((box) => box.checked);

function arrange() {
  const checked = chosen();
  for (const box of boxes) {
    const keep = box.checked;
    box.type = mix.checked ? "checkbox" : "radio";
    box.checked = keep && (mix.checked || box === checked[0]);
  }
  if (!chosen().length) boxes[0].checked = true;
  gallery.classList.toggle("mixing", mix.checked);
  update();
}

function update() {
  const checked = chosen();
  for (const box of boxes) box.disabled = mix.checked && checked.length >= MOST && !box.checked;
  const shares = checked.map((box) => box.closest(".style").querySelector(".share"));
  const weights = shares.map((share) => Number(share.querySelector("input").value));
  const first = checked[0]?.value;
  if (first && !first.startsWith("earlier-")) document.getElementById("sample").src = `${home}static/gallery/${first}.webp`;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  shares.forEach((share, index) => {
    share.querySelector("output").textContent = `${Math.round((100 * weights[index]) / total)}%`;
  });
}

async function takeOwn() {
  const file = ownField.files[0];
  if (!file) return;
  refusal.hidden = true;
  const image = document.getElementById("own-preview");
  image.hidden = true;
  offerOwn(); // at once: who sends the form before the picture is seen sends it too
  const checked = check(file, Number(form.dataset.maxBytes));
  let visible = await show(image, file);
  const found = await checked;
  if (file !== ownField.files[0]) return;
  if (found?.refused) {
    put(ownField, null);
    refusal.textContent = found.refused;
    refusal.hidden = false;
    offerOwn();
  } else if (found && (!visible || found.notes.length)) visible = await show(image, found.preview);
  image.hidden = !visible;
  if (found?.notes?.length) words.textContent = say("Change the picture (%(notes)s)", { notes: found.notes.join("; ") });
}

function offerOwn() {
  const there = ownField.files.length > 0;
  own.classList.toggle("given", there);
  document.getElementById("own-choice").hidden = away.hidden = !there;
  words.textContent = there ? say("Change the picture") : say("Any picture: a painting, a pattern, a drawing");
  for (const select of ofParts) {
    const option = select.querySelector("option[value=own-0]");
    option.disabled = !there;
    option.textContent = there ? say("Your own style") : say("Your own style: give a picture first");
    if (!there && option.selected) select.selectedIndex = 0;
  }
  ownStyle.disabled = false;
  if (!there || chosen().length < MOST || !mix.checked) ownStyle.checked = there;
  arrange();
}

/** Take a file that was dropped or pasted. */
export function receive(file) {
  put(ownField, file);
  takeOwn();
}

away.addEventListener("click", () => {
  put(ownField, null);
  refusal.hidden = true;
  offerOwn();
  ownField.focus();
});
// what is sent: the file only where its box is ticked or a part has it, and no empty name for it
form.addEventListener("formdata", (event) => {
  const styles = event.formData.getAll("style").filter(Boolean);
  event.formData.delete("style");
  for (const name of styles) event.formData.append("style", name);
  if (ownStyle.checked) return;
  const masks = event.formData.getAll("mask");
  if (ofParts.some((select, index) => select.value === "own-0" && masks[index]?.size)) event.formData.set("style_file_weight", "0");
  else event.formData.delete("style_file");
});
gallery.addEventListener("change", (event) => event.target === ownField || update());
gallery.addEventListener("input", update);
ownField.addEventListener("change", takeOwn);
mix.addEventListener("change", arrange);
if (chosen().length > 1) mix.checked = true; // ticked before this script came
offerOwn();
takeOwn();
