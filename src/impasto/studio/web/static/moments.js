// Times, in the reader's own time zone.

import { language } from "./language.js";

const format = new Intl.DateTimeFormat(language === "en" ? undefined : language, { dateStyle: "medium", timeStyle: "short" });

export function local(within) {
  for (const time of within.querySelectorAll("time.moment")) {
    time.textContent = format.format(new Date(time.dateTime));
  }
}
local(document);
