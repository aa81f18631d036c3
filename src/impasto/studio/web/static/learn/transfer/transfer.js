// Style transfer: read the lines of a painting as they come, and show pictures, curve and costs.
import { home } from "../../home.js";
import { plot } from "../../plot.js";
import { build } from "../build.js";
import { follow } from "../running/running.js";

const $ = (id) => document.getElementById(id);
const form = $("settings");
const alphas = JSON.parse(form.dataset.alphas);
let underWay = null;
let run = null;

for (const part of document.querySelectorAll(".scripted")) part.hidden = false;
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (underWay) return;
  const settings = event.submitter?.dataset.settings;
  for (const [name, value] of Object.entries(settings ? JSON.parse(settings) : {})) set(name, value);
  weigh();
  paint();
});
form.addEventListener("input", weigh);
form.addEventListener("change", ({ target }) => {
  if (underWay) return;
  if (target.name === "photo") $("photo").src = `${home}static/learn/${target.value}.webp`;
  if (target.name === "style") $("style-picture").src = `${home}learn/transfer/styles/${target.value}.webp`;
});
$("stop").addEventListener("click", () => underWay?.abort());
weigh();

// A setting of any kind: one of several radios, some of several boxes, or a field.
function set(name, value) {
  const field = form.elements[name];
  if (field instanceof RadioNodeList) for (const each of field) each.checked = [value].flat().includes(each.value);
  else field.value = value;
}

function weigh() {
  const alpha = alphas[form.elements.objective.value][form.elements.balance.value];
  $("weights").replaceChildren(build("var", {}, "α"), ` = ${alpha}, `, build("var", {}, "β"), " = 1");
  $("balance").setAttribute("aria-valuetext", `α is ${alpha}, β is 1`);
}

async function paint() {
  const mine = (underWay = new AbortController());
  const former = run, body = new FormData(form);
  busy(true);
  refuse("");
  say("The painting begins …");
  if ($("trio").getBoundingClientRect().top > innerHeight - 100) $("trio").scrollIntoView();
  const refusal = await follow("transfer/events", body, mine.signal, (event) => take(event, former, body.get("objective")));
  underWay = null;
  busy(false);
  if (refusal) refuse(refusal);
  end(run === former ? "" : run.done ? "Finished." : "Stopped.");
}

// What an event brings; the first of a painting has the three pictures. A curve by another objective is not beside this one.
function take(event, former, objective) {
  if (event.photo) {
    run = { objective, steps: event.steps, points: [], quarter: 0, former: former?.objective === objective ? former.points : [] };
    $("photo").src = event.photo;
    $("style-picture").src = event.style;
    $("picture").hidden = false;
    $("blank").hidden = $("said").hidden = true;
    $("was").hidden = !run.former.length;
    $("layers").replaceChildren();
    $("plot").replaceChildren();
    $("sum").textContent = "";
    say("It paints …");
  }
  run.points.push(...event.points);
  Object.assign(run, { step: event.step, said: event.said, done: event.done });
  $("picture").src = event.picture;
  $("picture").alt = `What is painted, after ${event.step} steps`;
  $("step").textContent = event.step ? `, after ${event.step} of ${run.steps} steps` : ", before the first step";
  if (event.layers) show(event);
}

function show({ step, layers, facts }) {
  $("costs").hidden = false;
  plot($("plot"), run.points, run.former);
  $("layers").replaceChildren(...layers.map(line));
  $("sum").textContent = `≈ ${facts.content} + ${facts.style} ≈ ${facts.objective}`;
  const quarter = Math.floor((4 * step) / run.steps);
  if (quarter === run.quarter) return;
  run.quarter = quarter; // read out now and then, not each time
  say(`Step ${step} of ${run.steps}: objective ${facts.objective}, content ${facts.content}, style ${facts.style}.`);
}

// A row of the table.
function line({ term, layer, start, now, share, percent }) {
  const name = layer ? [`${layer} `, build("span", {}, term)] : ["objective"];
  return build("tr", { className: `of-${term}` }, build("th", { scope: "row" }, ...name), build("td", {}, start), build("td", {}, now),
    build("td", {}, build("span", { className: "bar", "--share": share }), build("span", {}, percent)));
}

function end(how) {
  const said = how && run.said;
  say(said ? `${how} ${said}` : how);
  if (how) {
    $("said").textContent = said ?? "";
    $("said").hidden = !said;
  }
  $("state").classList.toggle("spoken", Boolean(said)); // the same stands below
  $("paint").textContent = run ? "Paint again" : "Paint";
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
