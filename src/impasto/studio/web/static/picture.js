// A picture that was chosen: shown at once where the browser can, and checked by the server, which refuses in words.

import { home } from "./home.js";
import { say } from "./language.js";

/** Files of a paste or a drop, put into a field as if they had been chosen there. */
export function put(field, ...files) {
  const carrier = new DataTransfer();
  for (const file of files) if (file) carrier.items.add(file);
  field.files = carrier.files;
}

/** Show a file in an image; answers whether the browser can. */
export async function show(image, source) {
  if (image.src.startsWith("blob:")) URL.revokeObjectURL(image.src);
  image.removeAttribute("width");
  image.removeAttribute("height");
  image.src = typeof source === "string" ? source : URL.createObjectURL(source);
  try {
    await image.decode();
    return true;
  } catch {
    return false;
  }
}

/** Ask the server: {width, height, preview, notes}, {refused: a sentence}, or null where it could not be asked. */
export async function check(file, maxBytes, signal) {
  if (file.size > maxBytes) {
    return { refused: say("%(name)s has %(size)s MB, and at most %(most)s MB can be sent: choose a smaller picture.", { name: file.name, size: Math.ceil(file.size / 1e6), most: Math.floor(maxBytes / 1e6) }) };
  }
  const form = new FormData();
  form.append("photo", file);
  try {
    const answer = await fetch(`${home}api/check`, { method: "POST", body: form, signal });
    if (answer.ok) return await answer.json();
    if (answer.status === 503) return null; // too busy to look: it is looked at when it is sent
    return { refused: (await answer.json()).detail };
  } catch {
    return null;
  }
}
