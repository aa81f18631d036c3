// Times, in the reader's own time zone.

const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
for (const time of document.querySelectorAll("time.moment")) {
  time.textContent = format.format(new Date(time.dateTime));
}
