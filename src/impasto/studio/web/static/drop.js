// Pictures that are dropped or pasted: on "Your own style" one is the style, everywhere else it is the photo.

import { receive as receivePhoto } from "./photo.js";
import { receive as receiveStyle } from "./styles.js";

const places = [document.getElementById("own"), document.getElementById("drop")];
const isStyle = (event) => places[0].contains(event.target);

function mark(place) {
  for (const each of places) each.classList.toggle("over", each === place);
}

function receive(event, files) {
  mark(null);
  if (!files?.length) return;
  event.preventDefault();
  if (isStyle(event)) receiveStyle(files[0]);
  else receivePhoto(...files);
}

document.addEventListener("paste", (event) => receive(event, event.clipboardData?.files));
document.addEventListener("drop", (event) => receive(event, event.dataTransfer?.files));
document.addEventListener("dragover", (event) => {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  mark(places[isStyle(event) ? 0 : 1]);
});
document.addEventListener("dragleave", (event) => event.relatedTarget || mark(null));
