// Inside VGG: ask for a layer of a photo, and show its maps and its Gram matrix.
import { ask, say } from "./ask.js";
import { build } from "./build.js";

const $ = (id) => document.getElementById(id);
const form = $("ask");
const PAUSE = 200; // milliseconds: who walks over the layers with the arrow keys asks for the last one alone
let own = null;
let timer = null;

form.hidden = false;
fromAddress();
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("change", (event) => event.target !== $("file") && later(PAUSE));
$("file").addEventListener("change", () => {
  own = $("file").files[0] ?? own;
  if (!own) return;
  const radio = form.querySelector("[value=own]");
  radio.disabled = false;
  radio.checked = true;
  URL.revokeObjectURL($("own").src);
  $("own").src = URL.createObjectURL(own);
  $("own").hidden = false;
  later(0);
});
$("own").addEventListener("error", () => $("own").removeAttribute("src")); // a kind that browsers don't show, as HEIC
later(0);

function later(pause) {
  clearTimeout(timer);
  timer = setTimeout(look, pause);
}

async function look() {
  const { photo, layer } = Object.fromEntries(new FormData(form));
  let answer;
  if (photo === "own") {
    const body = new FormData();
    body.append("picture", own);
    body.append("layer", layer);
    answer = await ask("inside/answer", body);
  } else {
    history.replaceState(null, "", `?${new URLSearchParams({ photo, layer })}`);
    answer = await ask(`inside/answer?${new URLSearchParams({ photo, layer })}`);
  }
  if (answer) show(answer);
}

function fromAddress() {
  for (const [name, value] of new URLSearchParams(location.search)) {
    const radio = [...form.querySelectorAll(`input[type=radio]`)].find((each) => each.name === name && each.value === value);
    if (radio && !radio.disabled) radio.checked = true;
  }
}

function show({ layer, units, height, width, field, jump, photo, seen, strongest, maps, gram }) {
  $("answer").hidden = false;
  $("photo").src = photo.picture;
  Object.assign($("photo"), { width: photo.width, height: photo.height });
  for (const [name, value, whole] of [["left", seen.left, photo.width], ["top", seen.top, photo.height], ["side", seen.side, photo.width]]) {
    $("seen").style.setProperty(`--${name}`, `${(100 * value) / whole}%`);
  }
  $("units").textContent = units;
  $("shape").textContent = `${height} × ${width}`;
  $("field").textContent = `${field} × ${field} pixels`;
  $("jump").textContent = jump === 1 ? "1 pixel" : `${jump} pixels`;
  for (const words of document.querySelectorAll("[data-jump]")) words.hidden = words.dataset.jump !== String(jump);
  for (const looks of document.querySelectorAll("[data-layer]")) looks.hidden = looks.dataset.layer !== layer;
  $("maps").style.setProperty("--ratio", `${width} / ${height}`);
  $("maps").replaceChildren(...strongest.map((unit) => build("li", {}, picture(layer, unit, maps), ...caption(layer, unit, maps[unit]))));
  $("heat").src = gram.picture;
  $("heat").alt = `The Gram matrix of ${layer} as a heat map of ${units} × ${units}, brighter where two units fire together`;
  $("together").replaceChildren(...gram.together.map((pair) => both(layer, pair, maps)));
  $("apart").replaceChildren(...gram.apart.map((pair) => both(layer, pair, maps)));
  say(`${layer}: the ${strongest.length} strongest of ${units} maps.`, false);
}

function picture(layer, unit, maps) {
  return build("img", { src: maps[unit].picture, alt: `Feature map of ${layer}:${unit}`, className: "map" });
}

function caption(layer, unit, { low, high, zeros }) {
  const share = zeros > 0 && zeros < 0.01 ? "< 1 %" : `${Math.round(zeros * 100)} %`;
  const numbers = [low, high].map((number) => Math.round(number).toLocaleString("en")).join("–");
  return [build("strong", {}, `${layer}:${unit}`), build("span", {}, `${numbers}, zero ${share}`)];
}

function both(layer, { units, cosine }, maps) {
  const names = build("span", {}, `${units[0]} and ${units[1]}`, build("br"), `cosine ${cosine.toFixed(2)}`);
  return build("li", {}, ...units.map((unit) => picture(layer, unit, maps)), names);
}
