// Padding and stride: from the form to the figures, the link, and the animation.
import { GeometryError, outputSize, pads } from "./convolution.js";
import { formula, neverRead } from "./formula.js";
import { Matrices } from "./matrices.js";
import { Player } from "./player.js";
import { fromForm, query, toForm } from "./settings.js";

const LARGEST = 32; // a matrix with more rows is not drawn
const $ = (id) => document.getElementById(id);
const known = JSON.parse($("known").textContent);
const form = $("settings");
let settings = fromForm(form, known);
let made = 0;

const matrices = new Matrices({
  onTake: (hand) => {
    player.pause();
    matrices.hold(hand);
  },
  onEdit: (which, row, column, number) => {
    const matrix = settings[which].map((line) => [...line]);
    matrix[row][column] = number;
    change({ ...settings, [which]: matrix, [`${which}Name`]: "own" });
  },
});
const side = () => (settings.transposed ? settings.size : made);
const player = new Player(
  { back: $("back"), play: $("play"), next: $("next") },
  {
    count: () => side() ** 2,
    onStep: (index, playing) => {
      $("said").setAttribute("aria-live", playing ? "off" : "polite");
      const kind = settings.transposed ? "input" : "output";
      matrices.hold({ kind, row: Math.floor(index / side()), column: index % side() }, index);
    },
  },
);

const sliders = form.querySelectorAll("input[type=range]");
for (const slider of sliders) {
  slider.hidden = false;
  slider.addEventListener("input", () => (form.elements[slider.dataset.of].value = slider.value));
}
form.addEventListener("input", (event) => {
  const typed = event.target.type === "number";
  if (typed && event.target.value === "") return;
  change(fromForm(form, known), typed);
});
form.addEventListener("change", () => toForm(form, settings, known));
form.addEventListener("submit", (event) => event.preventDefault());
$("link").addEventListener("click", () => {
  navigator.clipboard?.writeText(location.href).then(() => ($("copied").textContent = "The link is copied."));
});
for (const part of document.querySelectorAll(".scripted")) part.hidden = false;
change(settings);

// Show other settings. While somebody types a number, the form is left as it is.
function change(next, typed = false) {
  player.stop();
  settings = next;
  if (!typed) toForm(form, settings, known);
  for (const slider of sliders) slider.value = form.elements[slider.dataset.of].value;
  form.dataset.transposed = settings.transposed;
  $("copied").textContent = "";
  history.replaceState(null, "", query(settings));
  try {
    made = outputSize(settings);
  } catch (error) {
    if (!(error instanceof GeometryError)) throw error;
    show({ refusal: error.message, figures: false, drawn: false });
    return;
  }
  const [letters, numbers] = formula(settings);
  $("letters").textContent = letters;
  $("numbers").textContent = numbers;
  $("result").textContent = `${settings.size} × ${settings.size} → ${made} × ${made}`;
  $("unread").textContent = neverRead(settings);
  const around = pads(settings).reduce((sum, pad) => sum + pad);
  const largest = settings.transposed ? made + around : Math.max(made, settings.size + around);
  const tooLarge = `Matrices of ${largest} rows are too large to draw here: make something smaller.`;
  show({ refusal: largest > LARGEST ? tooLarge : "", figures: true, drawn: largest <= LARGEST });
  if (largest <= LARGEST) matrices.draw(settings, made);
}

function show({ refusal, figures, drawn }) {
  $("refused").textContent = refusal;
  $("refused").hidden = refusal === "";
  $("figures").hidden = !figures;
  $("worked").hidden = !drawn;
}
