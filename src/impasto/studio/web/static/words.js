// Times and places in words: what words.py says when the page is made, while it is open.

import { language, say, sayn } from "./language.js";

const places = () => [
  say("Yours is next"), say("Yours is second"), say("Yours is third"), say("Yours is fourth"), say("Yours is fifth"),
  say("Yours is sixth"), say("Yours is seventh"), say("Yours is eighth"), say("Yours is ninth"), say("Yours is tenth"),
];
const percent = new Intl.NumberFormat(language === "en" ? "en-GB" : language, { style: "percent" });

const inMinutes = (count) => sayn("%(count)s minute", "%(count)s minutes", count);

export function duration(seconds) {
  if (seconds < 55) return sayn("%(count)s second", "%(count)s seconds", Math.max(5, 5 * Math.round(seconds / 5)));
  const minutes = Math.max(1, Math.round(seconds / 60));
  if (minutes < 60) return inMinutes(minutes);
  const rounded = 5 * Math.round(minutes / 5), rest = rounded % 60;
  const whole = sayn("%(count)s hour", "%(count)s hours", Math.floor(rounded / 60));
  return rest ? `${whole} ${inMinutes(rest)}` : whole;
}

export function headline(state) {
  if (state.state === "waiting") {
    return places()[state.place] ?? sayn("%(count)s painting is before yours", "%(count)s paintings are before yours", state.place);
  }
  return state.progress ? say("%(share)s painted", { share: percent.format(state.progress.share) }) : say("The painter begins");
}

export function when(state) {
  if (state.state === "waiting") {
    return state.waiting_seconds >= 5
      ? say("It begins in about %(long)s.", { long: duration(state.waiting_seconds) })
      : say("It begins in a moment.");
  }
  return state.progress ? say("About %(long)s left.", { long: duration(state.progress.seconds_left) }) : say("It mixes its colours.");
}

export function mail(state) {
  if (!state.mail) return say("Close this page if you like, and come back to it from Mine.");
  if (!state.mail_confirmed) {
    return say("We have sent a mail to the address that you gave: follow the link in it, and we write to you when this is painted. Until then, come back to this page from Mine.");
  }
  return say("Close this page if you like: we write to you when it is painted.");
}
