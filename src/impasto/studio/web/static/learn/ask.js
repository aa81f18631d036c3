// Ask the server about a picture, and say how that goes. A newer question takes the place of one under way.

import { home } from "../home.js";

const $ = (id) => document.getElementById(id);
let underWay = null;

// The address begins under /learn. Resolves to the answer; or to null where there is none: it was refused, which the page says, or it was replaced.
export async function ask(address, body = null) {
  underWay?.abort();
  const mine = (underWay = new AbortController());
  $("answer").setAttribute("aria-busy", "true");
  const slow = setTimeout(() => say("The network is looking …"), 300);
  try {
    const response = await fetch(`${home}learn/${address}`, { method: body ? "POST" : "GET", body, signal: mine.signal });
    const said = await response.json().catch(() => ({}));
    if (response.ok) {
      done("");
      return said;
    }
    done(typeof said.detail === "string" ? said.detail : `The server answered with ${response.status}: try again in a minute.`);
  } catch (error) {
    if (error.name === "AbortError") return null;
    done("The server can’t be reached: look whether you are online, and try again.");
  } finally {
    clearTimeout(slow);
  }
  return null;
}

function done(refusal) {
  $("answer").removeAttribute("aria-busy");
  $("refused").textContent = refusal;
  $("refused").hidden = refusal === "";
  say("");
}

// Say how it goes; what the page shows anyway is said to screen readers alone.
export function say(words, shown = true) {
  $("state").textContent = words;
  $("state").classList.toggle("spoken", !shown);
}
