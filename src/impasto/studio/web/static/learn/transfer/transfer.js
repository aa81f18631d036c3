// Style transfer: read the lines of a painting as they come, and show pictures, curve and costs.
import { home } from "../../home.js";
import { plot } from "../../plot.js";
import { build } from "../build.js";
import { say, settings } from "../running/running.js";

const $ = (id) => document.getElementById(id);
const form = $("settings");
const alphas = JSON.parse(form.dataset.alphas);
let run = null;
const underWay = settings(form, {
  address: "transfer/events", begins: "The painting begins …", finished: "Finished.", set, run: () => run,
  begin: (former, body) => {
    weigh();
    if ($("trio").getBoundingClientRect().top > innerHeight - 100) $("trio").scrollIntoView();
    return (event) => take(event, former, body.get("objective"));
  },
});
form.addEventListener("input", weigh);
form.addEventListener("change", ({ target }) => {
  if (underWay()) return;
  if (target.name === "photo") $("photo").src = `${home}static/learn/${target.value}.webp`;
  if (target.name === "style") $("style-picture").src = `${home}learn/transfer/styles/${target.value}.webp`;
});
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
