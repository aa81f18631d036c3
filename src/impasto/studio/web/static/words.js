// Times and places in words: what words.py says when the page is made, while it is open.

const ORDINALS = ["next", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];

const many = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;

export function duration(seconds) {
  if (seconds < 55) return `${Math.max(5, 5 * Math.round(seconds / 5))} seconds`;
  const minutes = Math.max(1, Math.round(seconds / 60));
  if (minutes < 60) return many(minutes, "minute");
  const rounded = 5 * Math.round(minutes / 5), hours = Math.floor(rounded / 60), rest = rounded % 60;
  return rest ? `${many(hours, "hour")} ${many(rest, "minute")}` : many(hours, "hour");
}

export function estimate(seconds, wait, waiting, most) {
  const painting = `${most ? "Up to about" : "About"} ${duration(seconds)} of painting`;
  if (waiting) {
    return `${painting}. ${many(waiting, "painting")} ${waiting > 1 ? "wait" : "waits"}; yours would begin in about ${duration(wait)}.`;
  }
  if (wait >= 5) return `${painting}, to begin in about ${duration(wait)}: one is being painted, none waits.`;
  return `${painting}. Nobody is waiting.`;
}

export function headline(state) {
  if (state.state === "waiting") {
    return state.place < ORDINALS.length ? `Yours is ${ORDINALS[state.place]}` : `${state.place} are before yours`;
  }
  return state.progress ? `${Math.round(state.progress.share * 100)}% painted` : "The painter begins";
}

export function when(state) {
  if (state.state === "waiting") {
    return state.waiting_seconds >= 5 ? `It begins in about ${duration(state.waiting_seconds)}.` : "It begins in a moment.";
  }
  return state.progress ? `About ${duration(state.progress.seconds_left)} left.` : "It mixes its colours.";
}

export function mail(state) {
  if (!state.mail) return "Close this page if you like, and come back to it from Mine.";
  if (!state.mail_confirmed) {
    return "We have sent a mail to the address that you gave: follow the link in it, and we write to you when this is painted. Until then, come back to this page from Mine.";
  }
  return "Close this page if you like: we write to you when it is painted.";
}
