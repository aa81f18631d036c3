// Padding and stride: the matrices, the cell in hand, and the sum that it is.
import { GeometryError, output, outputSize, pads, range, reached, span, terms, unread } from "./convolution.js";
import { formula, neverRead } from "./formula.js";
import { Grid } from "./grid.js";
import { exact, factor, shown, weight } from "./numbers.js";
import { Player } from "./player.js";
import { fromForm, query, toForm } from "./settings.js";

const LARGEST = 32; // a matrix with more rows is not drawn
const $ = (id) => document.getElementById(id);
const known = JSON.parse($("known").textContent);
const form = $("settings");
let settings = fromForm(form, known);
let hand = null; // { kind: "output" or "input", row, column }
let made = 0;

const take = (kind) => (row, column) => {
  player.pause();
  hold({ kind, row, column });
};
const grids = {
  input: new Grid($("input-matrix"), { onHand: take("input"), onEdit: (...at) => write("input", ...at) }),
  padded: new Grid($("padded-matrix"), { onHand: take("input") }),
  weights: new Grid($("kernel-matrix"), { onHand: () => {}, onEdit: (...at) => write("weights", ...at) }),
  output: new Grid($("output-matrix"), { onHand: take("output") }),
};
const player = new Player(
  { back: $("back"), play: $("play"), next: $("next") },
  {
    count: () => side() ** 2,
    onStep: (index, playing) => {
      const kind = settings.transposed ? "input" : "output";
      hold({ kind, row: Math.floor(index / side()), column: index % side() }, index, playing);
    },
  },
);
const side = () => (settings.transposed ? settings.size : made);

for (const slider of form.querySelectorAll("input[type=range]")) {
  slider.hidden = false;
  slider.addEventListener("input", () => (form.elements[slider.dataset.of].value = slider.value));
}
form.addEventListener("input", (event) => {
  if ([event.target.name, event.target.dataset.of].includes("pad")) form.elements.padding.value = "custom";
  if (event.target.type === "number" && event.target.value === "") return;
  change(fromForm(form, known));
});
form.addEventListener("change", () => toForm(form, settings, known));
form.addEventListener("submit", (event) => event.preventDefault());
$("link").addEventListener("click", async () => {
  await navigator.clipboard?.writeText(location.href).then(() => say("The link is copied."), () => say(location.href));
});
for (const part of document.querySelectorAll(".scripted")) part.hidden = false;
change(settings);

function write(which, row, column, number) {
  const matrix = settings[which].map((line) => [...line]);
  matrix[row][column] = number;
  change({ ...settings, [which]: matrix, [`${which}Name`]: "own" });
}

function change(next) {
  player.pause();
  player.at = -1;
  settings = next;
  if (!form.contains(document.activeElement) || document.activeElement.type !== "number") toForm(form, settings, known);
  for (const slider of form.querySelectorAll("input[type=range]")) slider.value = form.elements[slider.dataset.of].value;
  form.dataset.transposed = settings.transposed;
  history.replaceState(null, "", query(settings));
  try {
    made = outputSize(settings);
  } catch (error) {
    if (!(error instanceof GeometryError)) throw error;
    refuse(error.message, "");
    return;
  }
  const [letters, numbers] = formula(settings);
  $("letters").textContent = letters;
  $("numbers").textContent = numbers;
  $("result").textContent = `${settings.size} × ${settings.size} → ${made} × ${made}`;
  $("unread").textContent = neverRead(settings);
  const [before, after] = pads(settings);
  const largest = Math.max(made + (settings.transposed ? before + after : 0), settings.size + before + after);
  if (largest > LARGEST) refuse("", `Matrices of ${largest} rows are too large to draw here: make something smaller.`);
  else draw(before, after);
}

// No matrices: because there is no result, or because it is too large.
function refuse(why, note) {
  $("refused").textContent = why || note;
  $("refused").hidden = false;
  $("worked").hidden = true;
  $("figures").hidden = why !== "";
}

function draw(before, after) {
  $("refused").hidden = true;
  $("worked").hidden = $("figures").hidden = false;
  const { size, kernel, input, weights, transposed } = settings;
  const skipped = new Set(unread(settings));
  const skips = (row, column) => skipped.has(row) || skipped.has(column);
  const own = (name) => (row, column) => ({
    text: shown(input[row][column]),
    says: `${name}, row ${row + 1}, column ${column + 1}: ${shown(input[row][column])}${skips(row, column) ? ", never read" : ""}`,
    kind: skips(row, column) ? "unread" : "",
  });
  const all = range(0, size);
  grids.input.draw(all, all, own("Input"));
  $("padded-figure").hidden = transposed || before + after === 0;
  const around = range(-before, size + after);
  grids.padded.draw(around, around, (row, column) => {
    if (all.includes(row) && all.includes(column)) return own("Padded input, at the input's")(row, column);
    const missed = skips(row, column);
    const says = `Padding, row ${row + before + 1}, column ${column + before + 1}: 0${missed ? ", never read" : ""}`;
    return { text: "0", says, kind: missed ? "pad unread" : "pad" };
  });
  const taps = range(0, kernel);
  grids.weights.draw(taps, taps, (row, column) => {
    const text = weight(weights[row][column]);
    return { text, says: `Kernel, row ${row + 1}, column ${column + 1}: ${text}`, kind: "" };
  });
  for (const u of taps) for (const v of taps) grids.weights.tint(u, v, hue({ u, v }));
  drawOutput(output(input, weights, settings), before, after);
  const rows = { input: size, padded: size + before + after, kernel, output: made };
  for (const [name, count] of Object.entries(rows)) $(`${name}-size`).textContent = `${count} × ${count}`;
  const widths = [grids.input, grids.weights, grids.output].map((grid) => grid.columns.length);
  if (!$("padded-figure").hidden) widths.push(rows.padded);
  $("matrices").style.setProperty("--all", widths.reduce((sum, width) => sum + width));
  $("matrices").style.setProperty("--most", Math.max(...widths));
  const inside = hand && hand.row < made && hand.row >= 0 && hand.column < made && hand.column >= 0;
  if (hand?.kind === "output" && inside) hold(hand);
  else hold({ kind: transposed ? "input" : "output", row: 0, column: 0 });
}

// The output; in transposed mode with what is cropped off around it.
function drawOutput(values, before, after) {
  const [from, to] = settings.transposed ? [-before, made + Math.max(0, after - settings.outputPadding)] : [0, made];
  const places = range(from, to);
  grids.output.draw(places, places, (row, column) => {
    const text = values[row]?.[column] === undefined ? "" : shown(values[row][column]);
    const at = `row ${row + 1}, column ${column + 1}`;
    return text === "" ? { text, says: "Cropped off", kind: "crop" } : { text, says: `Output, ${at}: ${text}`, kind: "" };
  });
}

// Take a cell in hand. While the animation is under way, what comes after `until` is not there yet.
function hold(next, until = Infinity, playing = false) {
  hand = next;
  const { transposed, input, weights } = settings;
  if (transposed) {
    const sofar = input.map((line, i) => line.map((value, j) => (i * settings.size + j <= until ? value : 0)));
    for (const [i, line] of output(sofar, weights, settings).entries()) {
      for (const [j, value] of line.entries()) grids.output.cell(i, j).textContent = shown(value);
    }
  }
  for (const grid of [grids.input, grids.padded, grids.output]) grid.clear();
  if (!transposed) {
    for (let index = until + 1; index < made ** 2; index++) grids.output.mark(Math.floor(index / made), index % made, "later");
  }
  if (hand.kind === "output") holdOutput();
  else holdInput();
  $("said").setAttribute("aria-live", playing ? "off" : "polite");
}

function holdOutput() {
  const { row, column } = hand;
  grids.output.mark(row, column, "hand");
  $("window").hidden = settings.transposed;
  frame();
  if (row < 0 || column < 0 || row >= made || column >= made) {
    say("This is cropped off: the padding of a transposed convolution takes away instead of adding.");
    $("sum").replaceChildren();
    return;
  }
  const found = terms(settings.input, settings.weights, settings, row, column);
  for (const term of found) {
    if (!term.padded) grids.input.tint(term.row, term.column, hue(term));
    grids.padded.tint(term.row, term.column, hue(term));
  }
  const total = exact(found.reduce((sum, term) => sum + term.product, 0));
  const products = found.length === 1 ? "one product" : `the sum of ${found.length} products`;
  say(`Row ${row + 1}, column ${column + 1} of the output is ${found.length ? products : "reached by nothing"}: ${total}.`);
  $("sum").replaceChildren(...spelled(found), ` = `, Object.assign(document.createElement("strong"), { textContent: total }));
}

function holdInput() {
  const { row, column } = hand;
  const { size, transposed, input, weights } = settings;
  $("window").hidden = true;
  for (const grid of [grids.input, grids.padded]) grid.mark(row, column, "hand");
  const found = reached(settings, row, column);
  for (const at of found) grids.output.tint(at.row, at.column, hue(at));
  const padded = row < 0 || column < 0 || row >= size || column >= size;
  const value = padded ? 0 : input[row][column];
  const name = padded ? "This zero of the padding" : `Row ${row + 1}, column ${column + 1} of the input, ${shown(value)},`;
  const outputs = found.length === 1 ? "one output" : `${found.length} outputs`;
  if (transposed) say(`${name} puts down ${shown(value)} times the kernel: it reaches ${outputs}.`);
  else say(found.length ? `${name} is read for ${outputs}.` : `${name} is never read: no output depends on it.`);
  const stamps = found.map((at) => ({ ...at, value, weight: weights[at.u][at.v], product: value * weights[at.u][at.v] }));
  $("sum").replaceChildren(...stamps.flatMap((stamp) => [chip(stamp, ` = ${exact(stamp.product)}`), " "]));
}

// The frame around all that the kernel spans, with the holes of a dilation.
function frame() {
  const { stride, kernel, dilation } = settings;
  const [before] = pads(settings);
  const host = $("padded-figure").hidden ? $("input-matrix") : $("padded-matrix");
  host.parentElement.append($("window"));
  const shift = $("padded-figure").hidden ? before : 0;
  const place = { top: hand.row * stride - shift, left: hand.column * stride - shift, span: span(kernel, dilation) };
  for (const [name, value] of Object.entries(place)) $("window").style.setProperty(`--${name}`, value);
}

function spelled(found) {
  return found.flatMap((term, index) => [index ? " + " : "", chip(term)]);
}

// A product in its tap's colour.
function chip({ u, v, value, weight: factor2, padded }, more = "") {
  const made = document.createElement("span");
  made.className = padded ? "term none" : "term";
  made.style.setProperty("--hue", hue({ u, v }));
  made.textContent = `${shown(value)} × ${factor(weight(factor2))}${more}`;
  return made;
}

function hue({ u, v }) {
  return Math.round(((u * settings.kernel + v) * 360) / settings.kernel ** 2 + 30) % 360;
}

function say(words) {
  $("said").textContent = words;
}
