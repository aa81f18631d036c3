// Train in the browser's sight: read the lines of a training as they come, and draw them.
import { build } from "../build.js";
import { follow } from "../running/running.js";

const $ = (id) => document.getElementById(id);
const form = $("settings");
const { left, right, top, bottom, highest } = JSON.parse(document.querySelector(".curves").dataset.place);
let underWay = null;
let run = null;

for (const part of document.querySelectorAll(".scripted")) part.hidden = false;
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (underWay) return;
  const settings = event.submitter?.dataset.settings;
  for (const [name, value] of Object.entries(settings ? JSON.parse(settings) : {})) {
    form.elements[name].value = [...form.elements[name].options].find((option) => Number(option.value) === value).value;
  }
  train();
});
$("stop").addEventListener("click", () => underWay?.abort());

async function train() {
  const mine = (underWay = new AbortController());
  const former = run;
  busy(true);
  refuse("");
  say("The training begins …");
  const refusal = await follow("training/events", new FormData(form), mine.signal, (event) => take(event, former));
  underWay = null;
  busy(false);
  if (refusal) refuse(refusal);
  end(run === former ? "" : run.done ? "Finished Training." : "Stopped.");
}

// What an event brings; the first of a training begins a new curve before the old one.
function take(event, former) {
  if (event.pictures) {
    run = { ...event, rights: [], losses: [], means: [], quarter: 0 };
    $("said").hidden = true;
    $("seen").hidden = false;
    $("was").hidden = !former;
    for (const id of ["losses", "rights"]) draw(id, "former", former?.[id === "losses" ? "means" : id] ?? [], former?.whole);
    run.whole = event.epochs * event.per_epoch;
    $("numbers").textContent = event.numbers.toLocaleString("en");
    $("guesses").replaceChildren(...event.pictures.map((src, digit) =>
      build("li", {}, picture(src, `A written ${digit}`), build("span"), build("strong"))));
    $("kernels").replaceChildren(...event.kernels.map((src, index) => build("li", {}, picture(src, `Kernel ${index + 1}`))));
  }
  const { losses, means } = event;
  losses.forEach((loss, index) => {
    const seen = event.seen - losses.length + index + 1;
    run.losses.push([seen, loss / highest]);
    run.means.push([seen, means[index] / highest]);
  });
  run.rights.push([event.seen, event.right / event.held_out]);
  run.loss = means.at(-1) ?? run.loss;
  Object.assign(run, { said: event.said, done: event.done, seen: event.seen, share: event.right / event.held_out });
  show(event);
}

function show({ guesses, kernels }) {
  draw("losses", "each", run.losses, run.whole);
  draw("losses", "total", run.means, run.whole);
  draw("rights", "total", run.rights, run.whole);
  const loss = run.loss === undefined ? "–" : short(run.loss), share = percent(run.share);
  $("loss").textContent = loss;
  $("accuracy").textContent = share;
  $("epoch").textContent = `${(run.seen / run.per_epoch).toFixed(1)} of ${run.epochs}`;
  $("losses").setAttribute("aria-label", `The loss by epoch: now ${loss}`);
  $("rights").setAttribute("aria-label", `The accuracy by epoch: now ${share}`);
  guesses.forEach(({ truth, name, share }, index) => {
    const li = $("guesses").children[index], [, says, mark] = li.children;
    li.className = name === truth ? "right" : "wrong";
    says.textContent = `${name}, ${share === null ? "no share" : percent(share)}`;
    mark.textContent = name === truth ? "✓ right" : "✗ wrong";
  });
  kernels.forEach((src, index) => ($("kernels").children[index].firstChild.src = src));
  const quarter = Math.floor((4 * run.seen) / run.whole);
  if (quarter === run.quarter && run.seen) return;
  run.quarter = quarter; // read out now and then, not each time
  say(run.seen ? `Epoch ${Math.floor(run.seen / run.per_epoch)} of ${run.epochs}: loss ${loss}, ${share} of the held-out pictures right.` : "It trains …");
}

function end(how) {
  say(how && run.said ? `${how} ${run.said}` : how);
  if (how) {
    $("said").textContent = run.said;
    $("said").hidden = !run.said;
  }
  $("state").classList.toggle("spoken", Boolean(how && run.said)); // the same stands below
  $("train").textContent = run ? "Train again" : "Train";
}

// Points have a height of 0 to 1, and lie at so many mini-batches of `whole`.
function draw(id, kind, points, whole) {
  const places = points.map(([seen, high]) =>
    `${(left + (seen / whole) * (right - left)).toFixed(1)},${(bottom - Math.min(1, high) * (bottom - top)).toFixed(1)}`);
  $(id).querySelector(`.${kind}`).setAttribute("points", places.join(" "));
}

function picture(src, alt) {
  return build("img", { src, alt, width: 64, height: 64 });
}

function busy(yes) {
  for (const button of form.querySelectorAll("button")) button.ariaDisabled = String(yes === (button.id !== "stop")); // and keeps the focus
  if (yes) $("state").classList.remove("spoken");
}

function refuse(words) {
  $("refused").textContent = words;
  $("refused").hidden = words === "";
}

function say(words) {
  $("state").textContent = words;
}

const short = (loss) => (loss < 100 ? loss.toFixed(3) : loss.toLocaleString("en", { notation: "scientific", maximumSignificantDigits: 2 }));
const percent = (share) => (share > 0 && share < 0.005 ? "< 1 %" : `${Math.round(share * 100)} %`);
