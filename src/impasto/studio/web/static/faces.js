// "Keep faces": the faces that are found in the photo are marked on it, before it is painted.

import { home } from "./home.js";
import { say, sayn } from "./language.js";
import { given } from "./photo.js";

const SVG = "http://www.w3.org/2000/svg";
const form = document.getElementById("ask");
const box = form.querySelector("input[name=keep_faces]");
const field = document.getElementById("photo");
const marks = document.getElementById("faces");
const state = document.getElementById("faces-state");
let asking = new AbortController();

function mark({ width, height, faces }) {
  marks.setAttribute("viewBox", `0 0 ${width} ${height}`);
  marks.replaceChildren(...faces.flatMap(({ x, y, across, down, tilt }) => ["under", "over"].map((line) => {
    const ellipse = document.createElementNS(SVG, "ellipse"); // two lines: seen on light and on dark
    const placed = { class: line, cx: x, cy: y, rx: across, ry: down, transform: `rotate(${tilt} ${x} ${y})` };
    for (const [name, value] of Object.entries(placed)) ellipse.setAttribute(name, value);
    return ellipse;
  })));
}

async function look() {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  marks.replaceChildren();
  state.textContent = "";
  if (!box.checked || !given()) return;
  state.textContent = say("Looking for faces…");
  const data = new FormData();
  if (field.files.length) data.append("photo", field.files[0]);
  else data.append("photo_of", document.getElementById("photo-of").value);
  for (const name of ["turn", "crop"]) data.append(name, document.getElementById(name).value);
  let words = say("They are looked for when it is painted."); // too busy, or no connection
  try {
    const answer = await fetch(`${home}api/faces`, { method: "POST", body: data, signal });
    if (answer.ok) {
      const found = await answer.json();
      if (signal.aborted) return;
      mark(found);
      const count = found.faces.length;
      words = count ? sayn("One face is marked on your photo.", "%(count)s faces are marked on your photo.", count) : say("No face was found: nothing is kept.");
    }
  } catch {
    if (signal.aborted) return;
  }
  state.textContent = words;
}

box.addEventListener("change", look);
form.addEventListener("photo", look);
look();
