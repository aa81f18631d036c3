// A notification of the browser's when a painting has ended, where somebody asked for one: nothing is pushed, so its page
// must be open. That page asks, and the page that takes its place when it has ended tells.

import { say } from "./language.js";

const KEY = "impasto-notify";
const asking = document.getElementById("notify");
// Chrome for Android has the name, and no notification by a page.
const able = "Notification" in window && !/Android/.test(navigator.userAgent);

function answer(words) {
  asking.querySelector("button").hidden = true;
  asking.querySelector("[role=status]").textContent = words;
}

function asked() {
  answer(say("We notify you here when it has ended. Keep this page open."));
}

if (asking && able && Notification.permission !== "denied") {
  asking.hidden = false;
  if (sessionStorage.getItem(KEY) === asking.dataset.token) asked();
  asking.querySelector("button").addEventListener("click", async () => {
    if (await Notification.requestPermission() === "granted") {
      sessionStorage.setItem(KEY, asking.dataset.token);
      asked();
    } else answer(say("Your browser does not allow it. Its settings for this page can change that."));
  });
}

const ended = document.querySelector("[data-told]");
if (ended && able && sessionStorage.getItem(KEY) === ended.dataset.told) {
  sessionStorage.removeItem(KEY);
  const notification = new Notification(document.title, { tag: ended.dataset.told });
  notification.addEventListener("click", () => window.focus());
}
