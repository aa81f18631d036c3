// The link that shows the painting, copied by a button; a page of plain http may not copy.

import { say } from "./language.js";

const copy = document.getElementById("copy"), link = document.getElementById("link");
if (copy && navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    const said = document.getElementById("copied");
    try {
      await navigator.clipboard.writeText(link.value);
      said.textContent = say("Copied.");
    } catch {
      link.select();
      said.textContent = say("Copy it by hand: it is selected.");
    }
  });
}
