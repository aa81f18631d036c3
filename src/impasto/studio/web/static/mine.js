// Own paintings: the list looks again while something is under way, and keeps what is ticked and where the focus is.

import { home } from "./home.js";
import { local } from "./moments.js";

const EVERY = 5_000; // ms between two looks
const listed = document.getElementById("listed");
const all = document.getElementById("all");
const boxes = () => [...listed.querySelectorAll("[name=token][type=checkbox]")];

/** Put a card in the place of an older one, ticked and focused as that was. */
function renew(old, card) {
  card.querySelector("[type=checkbox]").checked = old.querySelector("[type=checkbox]").checked;
  const within = [...old.querySelectorAll("a, input, button")].indexOf(document.activeElement);
  old.replaceWith(card);
  if (within >= 0) [...card.querySelectorAll("a, input, button")].at(within)?.focus();
}

async function look() {
  const answer = await fetch(`${home}mine`, { headers: { accept: "text/html" } });
  if (!answer.ok) return;
  const now = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("listed");
  const list = listed.querySelector(".mine"), newer = now.querySelector(".mine");
  if (!newer) {
    location.reload();
    return;
  }
  const cards = new Map([...list.children].map((card) => [card.dataset.token, card]));
  for (const card of [...newer.children].reverse()) {
    const old = cards.get(card.dataset.token);
    cards.delete(card.dataset.token);
    if (old?.dataset.is === card.dataset.is) continue;
    local(card);
    if (old) renew(old, card);
    else list.prepend(card);
  }
  for (const gone of cards.values()) gone.remove();
  const summary = listed.querySelector("#summary"), words = now.querySelector("#summary").textContent;
  if (summary.textContent !== words) summary.textContent = words;
  listed.toggleAttribute("data-under-way", now.hasAttribute("data-under-way"));
}

async function again() {
  try {
    if (!document.hidden) await look();
  } catch { // no connection: it is tried again
  }
  next();
}

function next() {
  if (listed.hasAttribute("data-under-way")) setTimeout(again, EVERY);
}

all?.addEventListener("change", () => boxes().forEach((box) => { box.checked = all.checked; }));
listed.addEventListener("change", ({ target }) => {
  if (target.name === "token") all.checked = boxes().every((box) => box.checked);
});
for (const element of document.querySelectorAll(".scripted")) element.hidden = false;
next();
