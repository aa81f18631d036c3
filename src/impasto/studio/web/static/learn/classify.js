// Classify: draw, or give a picture, and see what a network says and what its layers make of it.
import { ask, say } from "./ask.js";
import { build } from "./build.js";
import { Drawing } from "./drawing.js";
import { EXAMPLES } from "./examples.js";

const $ = (id) => document.getElementById(id);
const SIDE = 64; // of a drawing as it is sent
const HINTS = {
  shape: "Draw an outline: it fills when you let go.",
  brush: "Draw with a broad brush.",
  eraser: "Rub out what is too much.",
};
const chosen = (name) => document.querySelector(`input[name=${name}]:checked`).value;
let file = null;

for (const part of document.querySelectorAll(".scripted")) part.hidden = false;
const drawing = new Drawing($("canvas"), {
  tool: () => chosen("tool"),
  onChange: () => {
    file = null;
    $("file").value = "";
    look();
  },
});
for (const [name, shapes] of Object.entries(EXAMPLES)) {
  $("samples").append(build("button", { type: "button", onclick: () => drawing.paint(shapes) }, icon(shapes), name));
}
$("undo").addEventListener("click", () => drawing.undo());
$("clear").addEventListener("click", () => drawing.clear());
$("file").addEventListener("change", () => {
  if ($("file").files.length === 0) return;
  file = $("file").files[0];
  drawing.blank();
  look();
});
for (const radio of document.querySelectorAll("input[name=tool]")) {
  radio.addEventListener("change", () => ($("hint").textContent = HINTS[chosen("tool")]));
}
for (const radio of document.querySelectorAll("input[name=model]")) radio.addEventListener("change", look);

async function look() {
  if (!file && drawing.empty) {
    $("answer").hidden = true;
    say("Draw something, or choose an example.");
    return;
  }
  const body = new FormData();
  body.append("model", chosen("model"));
  if (file) body.append("picture", file);
  else body.append("drawing", new Blob([drawing.grey(SIDE)]));
  const answer = await ask("classify/answer", body);
  if (answer) show(answer);
}

function show({ top, accuracy, inverted, given, steps }) {
  $("answer").hidden = false;
  $("top").replaceChildren(...top.map(bar));
  const right = accuracy ? ` In its test it was right about ${(accuracy * 100).toFixed(0)} of 100 pictures.` : "";
  const turned = inverted ? " Yours was dark on bright, so it was inverted first." : "";
  $("about").textContent = `Probabilities, by softmax; all ten classes sum to 100 %.${right}${turned}`;
  const first = { name: "input", kind: "trimmed, centred, grey on black", shape: [3, 32, 32], maps: [given], photo: true };
  $("steps").replaceChildren(...[first, ...steps].map(step));
  say(`${top[0].name}, ${percent(top[0].share)}.`, false);
}

function bar({ name, share }) {
  return build("li", { "--share": share }, build("span", {}, name), build("span", { className: "bar" }), build("span", {}, percent(share)));
}

function step({ name, kind, shape, maps, strip, photo }) {
  const pictures = maps.map((src, index) => build("img", { src, alt: photo ? "The picture that the network is given" : `Map ${index}`, className: "map" }));
  if (strip) pictures.push(build("img", { src: strip, alt: `${shape[0]} numbers as a strip of colours`, className: "strip" }));
  const more = shape.length === 3 && !photo && shape[0] > maps.length ? `the first ${maps.length} of ${shape[0]}` : "";
  return build(
    "li",
    {},
    build("h3", {}, name, " ", build("span", {}, shape.join(" × "))),
    build("p", { className: "note" }, more ? `${kind}; ${more}` : kind),
    build("div", { className: "row", "--side": shape.length === 3 ? shape[1] : 1 }, ...pictures),
  );
}

const percent = (share) => (share < 0.005 ? "< 1 %" : `${Math.round(share * 100)} %`);

function icon(shapes) {
  const svg = (name, properties) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(properties)) made.setAttribute(key, value);
    return made;
  };
  const drawn = svg("svg", { viewBox: "0 0 100 100", "aria-hidden": "true" });
  for (const [grey, d] of shapes) drawn.append(svg("path", { d, fill: `rgb(${grey} ${grey} ${grey})` }));
  return drawn;
}
