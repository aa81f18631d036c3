// The slider between photo and painting, and how the objective fell.

import { say } from "./language.js";
import "./moments.js";
import { plot } from "./plot.js";

const compare = document.getElementById("compare");
const divide = document.getElementById("divide");

function place() {
  compare.style.setProperty("--at", `${divide.value}%`);
  divide.setAttribute("aria-valuetext", say("%(percent)s% photo", { percent: divide.value }));
}
divide.addEventListener("input", place);
for (const element of document.querySelectorAll(".scripted")) element.hidden = false;
place();
const { curve } = JSON.parse(document.getElementById("job").textContent);
document.getElementById("plot-part").hidden = !plot(document.getElementById("plot"), curve);
