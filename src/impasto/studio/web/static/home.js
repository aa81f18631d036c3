// Where the studio's addresses begin, with a slash at the end: the path before it is the operator's to choose.

export const home = new URL("..", import.meta.url).pathname;
