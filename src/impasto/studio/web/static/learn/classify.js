// Classify: draw, or give a picture, and see what a network says and what its layers make of it.
import { ask, say } from "./ask.js";
import { build } from "./build.js";
import { Drawing } from "./drawing.js";
import { EXAMPLES } from "./examples.js";
import { shown } from "./numbers.js";
import { marked, softmax, spelled } from "./spelled.js";

const $ = (id) => document.getElementById(id);
const SIDE = 64; // of a drawing as it is sent
const NAMED = 20; // classes have room below the strip of their scores
const HINTS = {
  shape: "Draw an outline: it fills when you let go.",
  brush: "Draw with a broad brush.",
  eraser: "Rub out what is too much.",
};
const chosen = (name) => document.querySelector(`input[name=${name}]:checked`).value;
let file = null;
let model = null; // the visitor's own

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
$("file").addEventListener("change", () => $("file").files.length && receive($("file").files[0]));
$("own").addEventListener("change", () => $("own").files.length && open($("own").files[0]));
document.addEventListener("dragover", (event) => event.dataTransfer?.types.includes("Files") && event.preventDefault());
document.addEventListener("drop", (event) => {
  if (!event.dataTransfer?.files.length) return;
  event.preventDefault();
  receive(event.dataTransfer.files[0]);
});
for (const radio of document.querySelectorAll("input[name=tool]")) {
  radio.addEventListener("change", () => ($("hint").textContent = HINTS[chosen("tool")]));
}
for (const radio of document.querySelectorAll("input[name=model]")) radio.addEventListener("change", look);

// A model, which is told by its name, or a picture.
function receive(given) {
  if (given.name.endsWith(".safetensors")) return open(given);
  file = given;
  drawing.blank();
  look();
}

function open(given) {
  model = given;
  $("yours").hidden = false;
  $("yours").querySelector("span").textContent = given.name;
  $("yours").querySelector("input").checked = true;
  look();
}

async function look() {
  if (!file && drawing.empty) {
    $("answer").hidden = true;
    // a model of one's own is looked at with nothing drawn, so that one of no use is refused at once
    if (chosen("model") === "own" && !(await ask("classify/answer", question()))) return;
    say("Draw something, or choose an example.");
    return;
  }
  const answer = await ask("classify/answer", question());
  if (answer) show(answer);
  else if (!$("refused").hidden) $("answer").hidden = true; // what stands there is of another picture
}

function question(more = {}) {
  const body = new FormData();
  for (const [name, value] of Object.entries({ model: chosen("model"), ...more })) body.append(name, value);
  if (model && chosen("model") === "own") body.append("own", model);
  if (file) body.append("picture", file);
  else body.append("drawing", new Blob([drawing.grey(SIDE)]));
  return body;
}

function show({ top, accuracy, inverted, grey, given, steps, scores }) {
  $("answer").hidden = false;
  $("top").replaceChildren(...top.map(bar));
  const right = accuracy ? ` In its test it was right about ${(accuracy * 100).toFixed(0)} of 100 pictures.` : "";
  const turned = inverted ? " Yours was dark on bright, so it was inverted first." : "";
  $("about").textContent = `Probabilities, by softmax; all ${scores.length} classes sum to 100 %.${right}${turned}`;
  const first = { name: "input", kind: grey ? "trimmed, centred, grey on black" : "the middle square, in colour", shape: [3, 32, 32], maps: [given], photo: true };
  $("steps").replaceChildren(...[first, ...steps].map(step));
  const names = scores.map(({ name, score }) => build("span", {}, `${name} ${shown(score)}`));
  if (names.length <= NAMED) $("steps").lastElementChild.append(build("div", { className: "names" }, ...names));
  $("softmax").replaceChildren(...softmax(scores));
  say(`${top[0].name}, ${percent(top[0].share)}.`, false);
}

function bar({ name, share }) {
  return build("li", { "--share": share }, build("span", {}, name), build("span", { className: "bar" }), build("span", {}, percent(share)));
}

function step({ name, kind, shape, maps, strip, photo }, index) {
  const made = build("li", { shape });
  const pictures = maps.map((src, unit) => map(made, src, photo ? null : { step: index - 1, unit }));
  if (strip) pictures.push(build("img", { src: strip, alt: `${shape[0]} numbers as a strip of colours`, className: "strip" }));
  const more = shape.length === 3 && !photo && shape[0] > maps.length ? `the first ${maps.length} of ${shape[0]}` : "";
  made.append(
    build("h3", {}, name, " ", build("span", {}, shape.join(" × "))),
    build("p", { className: "note" }, more ? `${kind}; ${more}` : kind),
    build("div", { className: "row", "--side": shape.length === 3 ? shape[1] : 1 }, ...pictures),
  );
  return made;
}

// One map of a step; a click, or arrow keys, take one of its numbers in hand.
function map(li, src, of) {
  const image = build("img", { src, alt: of ? `Map ${of.unit + 1}` : "The picture that the network is given", className: "map" });
  if (!of) return build("span", { className: "holder" }, image);
  const button = build("button", { type: "button", className: "holder", title: "Click a number to see how it is made" }, image);
  const [, height, width] = li.shape;
  let at = null;
  const take = (row, column) => {
    at = [Math.min(height - 1, Math.max(0, row)), Math.min(width - 1, Math.max(0, column))];
    work(li, button, { ...of, row: at[0], column: at[1] });
  };
  button.addEventListener("click", (event) => {
    const box = image.getBoundingClientRect();
    if (event.detail === 0) take(...(at ?? [height >> 1, width >> 1])); // by keyboard
    else take(Math.floor(((event.clientY - box.top) / box.height) * height), Math.floor(((event.clientX - box.left) / box.width) * width));
  });
  button.addEventListener("keydown", (event) => {
    const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!move || !at) return;
    event.preventDefault();
    take(at[0] + move[0], at[1] + move[1]);
  });
  return button;
}

async function work(li, button, place) {
  const answer = await ask("classify/number", question(place));
  if (!answer || !li.isConnected) return;
  for (const old of $("steps").querySelectorAll(".spelled, .holder i")) old.remove();
  const [, height, width] = li.shape;
  button.append(marked({ top: place.row / height, left: place.column / width, height: 1 / height, width: 1 / width }));
  for (const holder of li.previousElementSibling.querySelectorAll(".holder")) {
    const own = answer.kind === "convolution" || holder.querySelector("img").alt === button.querySelector("img").alt;
    if (own) holder.append(marked(answer.frame));
  }
  li.append(spelled(answer, place));
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
