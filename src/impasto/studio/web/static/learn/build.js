// An element with its properties and what is in it; those with dashes in front are its style's.
export function build(name, properties = {}, ...inside) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("--")) made.style.setProperty(key, value);
    else made[key] = value;
  }
  made.append(...inside);
  return made;
}
