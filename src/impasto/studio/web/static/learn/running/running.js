// A run on the server, read line by line as it goes; and the form that begins and stops it.
import { home } from "../../home.js";

const $ = (id) => document.getElementById(id);
const LOST = "The server can’t be reached: look whether you are online, and try again.";

// Let the form begin a run at an address, and stop it. `set` puts a preset's value into a field; `begin` gives what takes
// the events of a run that stands after a former one; `run` gives what stands on the page, if anything.
// Answers with whether one is under way.
export function settings(form, { address, begins, finished, set, begin, run }) {
  let underWay = null;
  for (const part of document.querySelectorAll(".scripted")) part.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (underWay) return;
    const preset = event.submitter?.dataset.settings;
    for (const [name, value] of Object.entries(preset ? JSON.parse(preset) : {})) set(name, value);
    const { signal } = (underWay = new AbortController());
    const former = run(), body = new FormData(form);
    busy(form, true);
    refuse("");
    say(begins);
    const refusal = await follow(address, body, signal, begin(former, body));
    underWay = null;
    busy(form, false);
    if (refusal) refuse(refusal);
    end(run() === former ? "" : run().done ? finished : "Stopped.", run());
  });
  $("stop").addEventListener("click", () => underWay?.abort());
  return () => underWay !== null;
}

export function say(words) {
  $("state").textContent = words;
}

function end(how, run) {
  const said = how && run.said;
  say(said ? `${how} ${said}` : how);
  if (how) {
    $("said").textContent = said ?? "";
    $("said").hidden = !said;
  }
  $("state").classList.toggle("spoken", Boolean(said)); // the same stands below
  if (run) $("begin").textContent = $("begin").dataset.again;
}

function busy(form, yes) {
  for (const button of form.querySelectorAll("button")) button.ariaDisabled = String(yes === (button.id !== "stop")); // and keeps the focus
  if (yes) $("state").classList.remove("spoken");
}

function refuse(words) {
  $("refused").textContent = words;
  $("refused").hidden = words === "";
}

// Each event goes to `take`. Resolves to what refused the run, in a sentence; or to "" where it ended, or was stopped by `signal`.
async function follow(address, body, signal, take) {
  try {
    const answer = await fetch(`${home}learn/${address}`, { method: "POST", body, signal });
    if (!answer.ok) return (await answer.json().catch(() => ({}))).detail ?? `The server answered with ${answer.status}: try again in a minute.`;
    let done = false;
    for await (const event of lines(answer.body)) {
      if (event.refused) return event.refused;
      take(event);
      done = event.done;
    }
    return done ? "" : LOST; // it broke off
  } catch (error) {
    return error.name === "AbortError" ? "" : LOST;
  }
}

// One object of each line of a stream.
async function* lines(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const whole = (rest + value).split("\n");
    rest = whole.pop();
    for (const line of whole) yield JSON.parse(line);
  }
}
