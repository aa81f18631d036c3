// Train in the browser's sight: read the lines of a training as they come, and draw them.
import { build } from "../build.js";
import { say, settings } from "../running/running.js";

const $ = (id) => document.getElementById(id);
const form = $("settings");
const { left, right, top, bottom, highest } = JSON.parse(document.querySelector(".curves").dataset.place);
let run = null;
settings(form, {
  address: "training/events", begins: "The training begins …", finished: "Finished Training.", run: () => run,
  set: (name, value) => {
    form.elements[name].value = [...form.elements[name].options].find((option) => Number(option.value) === value).value;
  },
  begin: (former) => (event) => take(event, former),
});

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

// Points have a height of 0 to 1, and lie at so many mini-batches of `whole`.
function draw(id, kind, points, whole) {
  const places = points.map(([seen, high]) =>
    `${(left + (seen / whole) * (right - left)).toFixed(1)},${(bottom - Math.min(1, high) * (bottom - top)).toFixed(1)}`);
  $(id).querySelector(`.${kind}`).setAttribute("points", places.join(" "));
}

function picture(src, alt) {
  return build("img", { src, alt, width: 64, height: 64 });
}

const short = (loss) => (loss < 100 ? loss.toFixed(3) : loss.toLocaleString("en", { notation: "scientific", maximumSignificantDigits: 2 }));
const percent = (share) => (share > 0 && share < 0.005 ? "< 1 %" : `${Math.round(share * 100)} %`);
