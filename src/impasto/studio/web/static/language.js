// What scripts say, in the page's language. English is in the scripts; the others come from the server.

import { home } from "./home.js";

export const language = document.getElementById("main").lang || document.documentElement.lang; // a lesson has its own
const plurals = new Intl.PluralRules(language);
let words = {};
if (language !== "en") {
  try {
    words = await (await fetch(`${home}words/${language}.json`)).json();
  } catch { // no connection: English is better than nothing
    words = {};
  }
}

const filled = (sentence, values) => sentence.replace(/%\((\w+)\)s/g, (_, name) => values[name]);

/** A sentence, with the values that it names, as in %(count)s. */
export const say = (sentence, values = {}) => filled(words[sentence] ?? sentence, values);

/** A sentence that says how many. */
export const sayn = (one, many, count, values = {}) =>
  filled(words[one]?.[plurals.select(count)] ?? words[one]?.other ?? (count === 1 ? one : many), { count, ...values });
